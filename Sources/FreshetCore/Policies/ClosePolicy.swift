// SPDX-License-Identifier: Apache-2.0

/// What the end of a connection means: try again, or not. Data, so that every entry can be read and overridden.
///
/// ```swift
/// var policy = ClosePolicy()
/// policy.codes[4429] = .retryAfter(.seconds(60))   // this server says so when it limits rates
/// policy.statuses[404] = .retry                    // its route comes up late after a deployment
/// ```
///
/// | close code | default |
/// |---|---|
/// | 1000 (from a server, while somebody listens), 1001, 1005, 1006, 1012, 1014 | retry |
/// | 1011, 1013, 4429, 4500 | retry after 5 s |
/// | 4401, 4403 | refresh the credentials once, then wait for others |
/// | 4004, 4005, 4400, 4406, 4409, and everything else below 3000 | fatal |
/// | everything else from 3000 on | retry |
///
/// | status of the upgrade | default |
/// |---|---|
/// | 401, 403 | refresh the credentials once, then wait for others |
/// | 408, 425, 429, and from 500 on | retry, and `Retry-After` counts |
/// | everything else | fatal |
///
/// Without a provider of credentials there is nothing to refresh, and the first refusal is fatal.
public struct ClosePolicy: Sendable {
    /// What to do after a connection has ended.
    public enum Decision: Sendable, Hashable {
        /// Try again after the backoff.
        case retry
        /// Try again, no sooner than this.
        case retryAfter(Duration)
        /// Ask for other credentials and try again at once; if those are refused too, wait until there are new ones.
        case refreshCredentials
        /// Trying again would end the same way: every feed ends.
        case fatal
    }

    /// The wait that a server in trouble gets at least.
    package static let relief: Duration = .seconds(5)

    /// Overrides by close code (RFC 6455 7.4). A connection that ended without a close frame has 1005 or 1006.
    public var codes: [UInt16: Decision] = [:]

    /// Overrides by the HTTP status with which the upgrade was answered.
    public var statuses: [Int: Decision] = [:]

    /// Asked before everything else; nil leaves the decision to the tables. It must be quick: it runs on the loop's thread.
    public var decide: (@Sendable (FreshetError) -> Decision?)?

    /// Makes a policy with the defaults.
    public init() {}

    /// - Parameters:
    ///   - end: how the connection ended.
    ///   - source: what the protocol on top of WebSocket says of its close codes.
    /// - Returns: what comes next.
    package func decision(
        on end: ConnectionEnd,
        source: (_ code: UInt16, _ reason: String) -> Decision? = { _, _ in nil }
    ) -> Decision {
        self.verdict(on: end, source: source).decision
    }

    /// The same, and whether somebody has said so on purpose: then it is not the default.
    package func verdict(
        on end: ConnectionEnd,
        source: (_ code: UInt16, _ reason: String) -> Decision? = { _, _ in nil }
    ) -> (decision: Decision, isOverride: Bool) {
        if let decision = self.decide?(end.feedError) { return (decision, true) }
        switch end {
        case .ours:
            return (.retry, false)
        case .closeFrame(let code, let reason):
            let code = Self.meant(code, reason)
            if let decision = self.codes[code] { return (decision, true) }
            return (source(code, reason) ?? Self.decision(onCode: code), false)
        case .failure(let error, let retryAfter):
            let override = self.overriding(error)
            let decision = override ?? Self.decision(on: error)
            if case .retry = decision, let retryAfter { return (.retryAfter(retryAfter), override != nil) }
            return (decision, override != nil)
        }
    }

    /// Some servers close with 1000 and put their code into the reason, as in "4400: …".
    private static func meant(_ code: UInt16, _ reason: String) -> UInt16 {
        guard code == 1000, reason.dropFirst(4).first == ":", let meant = UInt16(reason.prefix(4)) else { return code }
        return (3000...4999).contains(meant) ? meant : code
    }

    private static func decision(onCode code: UInt16) -> Decision {
        switch code {
        case 1000, 1001, 1005, 1006, 1012, 1014: .retry
        case 1011, 1013, 4429, 4500: .retryAfter(Self.relief)
        case 4401, 4403: .refreshCredentials
        case 4004, 4005, 4400, 4406, 4409, 0..<3000: .fatal
        default: .retry
        }
    }

    private func overriding(_ error: FreshetError) -> Decision? {
        if let status = error.refusal?.status, let decision = self.statuses[status] { return decision }
        return switch error.kind {
        case .closed(let code): self.codes[code]
        case .upgradeRefused(let status), .server(let status): self.statuses[status]
        default: nil
        }
    }

    private static func decision(on error: FreshetError) -> Decision {
        switch error.kind {
        case .closed: .retry
        case .upgradeRefused(let status): Self.decision(onStatus: status)
        case .proxyRefused(let status): status < 500 ? .fatal : .retry
        case .unreachable, .interrupted, .timeout, .tls(.other): .retry
        case .rateLimited(let retryAfter): .retryAfter(retryAfter ?? Self.relief)
        case .server(let status): Self.decision(onStatus: status)
        case .unauthorized, .forbidden: .refreshCredentials
        case .invalidInput, .protocolViolation, .messageTooLarge, .operationFailed, .decoding, .clientClosed,
            .cancelled, .tls, .credentials, .outcomeUnknown, .overflow, .notFound, .conflict, .validation, .rejected:
            .fatal
        }
    }

    private static func decision(onStatus status: Int) -> Decision {
        switch status {
        case 401, 403: .refreshCredentials
        case 408, 425, 429, 500...: .retry
        default: .fatal
        }
    }
}
