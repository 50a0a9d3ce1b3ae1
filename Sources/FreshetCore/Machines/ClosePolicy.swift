// SPDX-License-Identifier: Apache-2.0

/// What the end of a connection means: try again, or not. Data, so that each entry can be read and tested.
package struct ClosePolicy: Sendable {
    package enum Verdict: Sendable, Hashable {
        /// Try again, no sooner than `after`.
        case retry(after: Duration, FreshetError)
        /// Trying again would end the same way.
        case fatal(FreshetError)
    }

    /// The wait that a server in trouble gets at least (4429, 4500, 1011, 1013).
    package static let relief: Duration = .seconds(5)

    package init() {}

    package func verdict(on end: ConnectionEnd) -> Verdict {
        switch end {
        case .ours:
            .retry(after: .zero, FreshetError(.closed(code: 1000), "the connection was closed on our side"))
        case .closeFrame(let code, let reason):
            self.verdict(onCode: code, reason: reason)
        case .failure(let error, let retryAfter):
            Self.isFatal(error.kind) ? .fatal(error) : .retry(after: retryAfter ?? .zero, error)
        }
    }

    /// RFC 6455 7.4 below 3000; the codes from 4000 on are those of graphql-transport-ws and its reference server.
    private func verdict(onCode code: UInt16, reason: String) -> Verdict {
        let said = reason.isEmpty ? "" : ": \(reason)"
        let error = ConnectionEnd.closeFrame(code: code, reason: reason).error
        switch code {
        case 4401:
            return .fatal(
                FreshetError(
                    .unauthorized,
                    "the server does not accept the credentials (close code 4401\(said))",
                    hint: "check the token, its expiry, and whether it belongs into a header or into connection_init"
                )
            )
        case 4403:
            return .fatal(
                FreshetError(
                    .forbidden,
                    "the server refuses these credentials (close code 4403\(said))",
                    hint: "check the token and what it is allowed to do"
                )
            )
        case 4406:
            return .fatal(
                FreshetError(
                    .protocolViolation,
                    "the server does not speak the subprotocol graphql-transport-ws (close code 4406\(said))",
                    hint: "check the path of the URL; many servers have several WebSocket endpoints"
                )
            )
        case 1002, 1003, 1007, 1008, 1009, 1010, 4004, 4005, 4400, 4409:
            return .fatal(error)
        case 1011, 1013, 4429, 4500:
            return .retry(after: Self.relief, error)
        default:
            return .retry(after: .zero, error)
        }
    }

    private static func isFatal(_ kind: FreshetError.Kind) -> Bool {
        switch kind {
        case .unreachable, .timeout, .closed, .tls(.other): false
        case .proxyRefused(let status): status < 500
        case .upgradeRefused(let status): !(status >= 500 || [408, 425, 429].contains(status))
        case .invalidInput, .unauthorized, .forbidden, .protocolViolation, .messageTooLarge, .operationFailed,
            .decoding, .clientClosed, .cancelled, .tls:
            true
        }
    }
}
