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
            TLSEnd(
                verifyError: self.verifyError,
                certificateWanted: self.certificateWanted,
                detail: self.detail
            ).error(with: endpoint.authority, plain: "plain WebSocket: try ws:")
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
}
