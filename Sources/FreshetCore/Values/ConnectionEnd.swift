// SPDX-License-Identifier: Apache-2.0

/// How a connection ended.
package enum ConnectionEnd: Sendable, Hashable {
    /// With a close frame from the server (RFC 6455 7.1.5).
    case closeFrame(code: UInt16, reason: String)
    /// Otherwise; `retryAfter` is the server's wish, if it had one.
    case failure(FreshetError, retryAfter: Duration? = nil)
    /// As we wanted.
    case ours

    /// What a caller is told who still wanted something from the connection.
    package var error: FreshetError {
        switch self {
        case .closeFrame(let code, let reason):
            FreshetError(
                .closed(code: code),
                "the server closed the connection with code \(code)\(Self.said(reason))"
            )
        case .failure(let error, _): error
        case .ours: FreshetError(.clientClosed, "the connection has been closed")
        }
    }

    /// Whether somebody answered in HTTP that there is no WebSocket here, or none to be had through the proxy. 401 is about the
    /// credentials, and they may yet be the right ones.
    package var isRefusalInHTTP: Bool {
        guard case .failure(let error, _) = self else { return false }
        return switch error.kind {
        case .upgradeRefused(let status): status != 401
        case .proxyRefused: true
        case .forbidden: error.refusal != nil
        default: false
        }
    }

    /// The same for feeds, whose protocols give some codes a meaning.
    package var feedError: FreshetError {
        guard case .closeFrame(let code, let reason) = self else { return self.error }
        return Self.meaning(of: code, Self.said(reason)) ?? self.error
    }

    private static func said(_ reason: String) -> String { reason.isEmpty ? "" : ": \(reason)" }

    /// The codes from 4000 on are those of graphql-transport-ws and its reference server.
    private static func meaning(of code: UInt16, _ said: String) -> FreshetError? {
        switch code {
        case 4401:
            FreshetError(
                .unauthorized,
                "the server does not accept the credentials (close code 4401\(said))",
                hint: "check the token, its expiry, and whether it belongs into a header or into connection_init"
            )
        case 4403:
            FreshetError(
                .forbidden,
                "the server refuses these credentials (close code 4403\(said))",
                hint: "check the token and what it is allowed to do"
            )
        case 4406:
            FreshetError(
                .protocolViolation,
                "the server does not speak the subprotocol (close code 4406\(said))",
                hint: "check the path of the URL; many servers have several WebSocket endpoints"
            )
        default:
            nil
        }
    }
}
