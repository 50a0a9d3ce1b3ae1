// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Why a socket ended, as C tells it, and as a person wants to read it.
struct SocketEnd: Equatable {
    enum Kind: Int32 {
        case endOfStream, reset, connect, tls, response, hangUp, proxy
        /// There is no loop any more; C knows nothing of this one.
        case loopStopped
    }

    let kind: Kind
    let errorNumber: Int32
    let verifyError: Int
    /// The server asked for a client certificate, and there was none.
    var certificateWanted = false
    let detail: String

    /// The error for a socket to `endpoint` at `address`, which is the proxy's where there is one.
    func error(for endpoint: Endpoint, address: String, proxy: Proxy? = nil) -> FreshetError {
        switch self.kind {
        case .endOfStream:
            FreshetError(.closed(code: 1006), "the server ended the connection without a close frame")
        case .loopStopped:
            FreshetError(.clientClosed, "the client's event loop has been shut down")
        case .reset:
            FreshetError(.closed(code: 1006), "the connection broke")
        case .connect:
            self.connectError(for: endpoint, address: address, proxy: proxy)
        case .proxy:
            FreshetError(.unreachable, "the proxy did not connect us to \(endpoint.authority)")
        case .tls:
            self.tlsError(for: endpoint)
        case .hangUp:
            FreshetError(
                .closed(code: 1006),
                "\(endpoint.authority) ended the connection before it answered the upgrade request",
                hint: endpoint.secure ? nil : "perhaps this port speaks TLS: try wss:"
            )
        case .response:
            FreshetError(
                .protocolViolation,
                "\(endpoint.authority) did not answer the upgrade request with HTTP",
                hint: endpoint.secure ? nil : "perhaps this port speaks TLS: try wss:"
            )
        }
    }

    private func connectError(for endpoint: Endpoint, address: String, proxy: Proxy?) -> FreshetError {
        let name =
            if let proxy {
                "the proxy \(proxy)"
            } else if let path = endpoint.socketPath {
                "the Unix socket \(path)"
            } else {
                endpoint.authority
            }
        let isLiteral = endpoint.socketPath != nil || address == (proxy?.host ?? endpoint.host)
        return FreshetError(
            .unreachable,
            "no connection to \(name)\(isLiteral ? "" : " at \(address)"): \(self.connectReason)",
            hint: endpoint.socketPath == nil
                ? "check that the server runs and that host and port are right"
                : "check that the server runs and that the path is right"
        )
    }

    private var connectReason: String {
        // libwebsockets 4.1 keeps the number only where connect() failed at once; newer ones say it in words.
        switch self.errorNumber {
        case ECONNREFUSED: "connection refused"
        case ENETUNREACH, EHOSTUNREACH: "no route to it"
        case ENOENT: "there is no such socket"
        case EACCES, EPERM: "permission denied"
        case EMFILE, ENFILE: "this process has too many files open"
        case EMSGSIZE: "the request is larger than 128 KiB"
        default: self.detail.isEmpty ? "refused, or no route to it" : self.detail
        }
    }

    private static let trustHint = "name its authority (--cacert)"
    private static let identityHint = "give a client certificate and its key (--cert, --key)"

    private func tlsError(for endpoint: Endpoint) -> FreshetError {
        let name = endpoint.authority
        let certificate = "the certificate of \(name)"
        // The numbers are OpenSSL's X509_V_ERR_…, the same since 1.0.
        let (failure, message, hint): (FreshetError.TLSFailure, String, String?) =
            switch self.verifyError {
            case 0:
                self.handshakeFailure(with: name)
            case 10:
                (.expired, "\(certificate) has expired", "the server needs a new certificate; check this clock too")
            case 9:
                (.notYetValid, "\(certificate) is not valid yet", "check this machine's clock")
            case 18, 19:
                (.selfSigned, "\(certificate) is self-signed", Self.trustHint)
            case 20, 21, 2:
                (.unknownAuthority, "\(certificate) is from an unknown authority", Self.trustHint)
            case 62, 64:
                (.wrongHost, "\(certificate) is for another host", "check the host name in the URL")
            case 23:
                (.revoked, "\(certificate) has been revoked", nil)
            case 50:
                (
                    .keyNotPinned, "\(name) has a key that is not pinned",
                    "either its key was changed, or somebody is in between"
                )
            default:
                (.certificate, "\(certificate) is not acceptable (OpenSSL verify error \(self.verifyError))", nil)
            }
        return FreshetError(.tls(failure), message, hint: hint)
    }

    /// What OpenSSL, or the server's alert, says where certificates are not the matter.
    /// The same for a server that says it in HTTP, as nginx does.
    static func certificateWanted(by endpoint: Endpoint, refusal: HTTPRefusal) -> FreshetError {
        FreshetError(
            .tls(.clientCertificateRequired),
            "\(endpoint.authority) wants a client certificate (HTTP \(refusal.status))",
            hint: Self.identityHint,
            refusal: refusal
        )
    }

    private func handshakeFailure(with name: String) -> (FreshetError.TLSFailure, String, String?) {
        let detail = self.detail
        if ["wrong version number", "packet length", "unexpected message", "http request"].contains(
            where: detail.contains
        ) {
            return (.notTLS, "\(name) does not speak TLS on this port", "perhaps it speaks plain WebSocket: try ws:")
        }
        if self.certificateWanted || detail.contains("certificate required") {
            return (.clientCertificateRequired, "\(name) wants a client certificate", Self.identityHint)
        }
        if ["bad certificate", "unknown CA", "certificate unknown", "certificate expired", "unsupported certificate"]
            .contains(where: detail.contains)
        {
            return (.clientCertificateRefused, "\(name) does not accept our certificate: \(detail)", Self.identityHint)
        }
        if ["protocol version", "unsupported protocol", "no protocols available"].contains(where: detail.contains) {
            return (.version, "\(name) and this program have no version of TLS in common: \(detail)", nil)
        }
        let reason = detail.isEmpty ? "the connection ended" : detail
        return (.other, "the TLS handshake with \(name) failed: \(reason)", nil)
    }
}
