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
        case endOfStream, reset, connect, tls, response, hangUp
        /// There is no loop any more; C knows nothing of this one.
        case loopStopped
    }

    let kind: Kind
    let errorNumber: Int32
    let verifyError: Int
    let detail: String

    /// The error for a socket to `endpoint` at `address`.
    func error(for endpoint: Endpoint, address: String) -> FreshetError {
        switch self.kind {
        case .endOfStream:
            FreshetError(.closed(code: 1006), "the server ended the connection without a close frame")
        case .loopStopped:
            FreshetError(.clientClosed, "the client's event loop has been shut down")
        case .reset:
            FreshetError(.closed(code: 1006), "the connection broke")
        case .connect:
            FreshetError(
                .unreachable,
                "no connection to \(endpoint.authority)\(address == endpoint.host ? "" : " at \(address)"): "
                    + self.connectReason,
                hint: "check that the server runs and that host and port are right"
            )
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

    private var connectReason: String {
        // libwebsockets 4.1 keeps the number only where connect() failed at once; newer ones say it in words.
        switch self.errorNumber {
        case ECONNREFUSED: "connection refused"
        case ENETUNREACH, EHOSTUNREACH: "no route to it"
        case EMSGSIZE: "the request is larger than 65 kB"
        default: self.detail.isEmpty ? "refused, or no route to it" : self.detail
        }
    }

    private static let trustHint = "name its authority as the certificateAuthorityFile (--cacert)"

    private func tlsError(for endpoint: Endpoint) -> FreshetError {
        let name = endpoint.authority
        // The numbers are OpenSSL's X509_V_ERR_…, the same since 1.0.
        let (message, hint): (String, String?) =
            switch self.verifyError {
            case 0 where self.detail.contains("wrong version number") || self.detail.contains("packet length"):
                ("\(name) does not speak TLS on this port", "perhaps it speaks plain WebSocket: try ws:")
            case 0:
                (
                    "the TLS handshake with \(name) failed: \(self.detail.isEmpty ? "connection ended" : self.detail)",
                    nil
                )
            case 10:
                ("the certificate of \(name) has expired", "the server needs a new certificate; check this clock too")
            case 9:
                ("the certificate of \(name) is not valid yet", "check this machine's clock")
            case 18, 19:
                ("the certificate of \(name) is self-signed", Self.trustHint)
            case 20, 21, 2:
                ("the certificate of \(name) is from an unknown authority", Self.trustHint)
            case 62, 64:
                ("the certificate of \(name) is for another host", "check the host name in the URL")
            case 23:
                ("the certificate of \(name) has been revoked", nil)
            default:
                ("the certificate of \(name) is not acceptable (OpenSSL verify error \(self.verifyError))", nil)
            }
        return FreshetError(.tls, message, hint: hint)
    }
}
