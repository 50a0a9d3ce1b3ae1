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
                "the server closed the connection with code \(code)\(reason.isEmpty ? "" : ": \(reason)")"
            )
        case .failure(let error, _): error
        case .ours: FreshetError(.clientClosed, "the connection has been closed")
        }
    }
}
