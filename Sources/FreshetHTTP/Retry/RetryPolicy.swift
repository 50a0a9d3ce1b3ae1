// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Which calls are sent again, how often, and when.
///
/// Nothing that may have been executed is sent twice, unless its method is idempotent (RFC 9110 9.2.2) or it has an
/// `Idempotency-Key`: of the other calls only those whose request certainly did not reach the server, or was turned away
/// before it was looked at (425, 429). One that was executed and redirected to a GET is not sent again for what comes of that.
public struct RetryPolicy: Sendable {
    /// How many times a call is sent at most.
    public var attempts = 3

    /// The waits between them.
    public var backoff = Backoff(cap: .seconds(20))

    /// Statuses after which a call is sent again.
    public var statuses: Set<Int> = [408, 425, 429, 500, 502, 503, 504]

    /// Whether the server's `Retry-After` is waited for.
    public var honorsRetryAfter = true

    /// The longest wait that a server may ask for; one that asks for more gets no other attempt.
    public var longestWait: Duration = .seconds(60)

    /// Asked before everything else about calls that may be repeated; nil leaves the decision to the rules above.
    public var isRetryable: (@Sendable (FreshetError) -> Bool?)?

    /// Makes a policy with the defaults.
    public init() {}

    /// No second attempt.
    public static var never: RetryPolicy {
        var policy = RetryPolicy()
        policy.attempts = 1
        return policy
    }

    /// How long to wait before the next attempt; nil: there is none.
    ///
    /// - Parameters:
    ///   - error: what came of it; statuses as the errors that they mean.
    ///   - call: what was sent, and which attempt that was.
    ///   - jitter: random in 0..<1.
    /// - Returns: the wait.
    package func delay(after error: FreshetError, of call: HTTPCall, jitter: Double) -> Duration? {
        guard call.attempt < self.attempts, call.body?.isReplayable ?? true, self.may(repeat: call, after: error) else {
            return nil
        }
        let floor = self.honorsRetryAfter ? error.refusal?.retryAfter ?? .zero : .zero
        guard floor <= self.longestWait else { return nil }
        return self.backoff.delay(attempt: call.attempt, jitter: jitter, floor: floor)
    }

    private func may(repeat call: HTTPCall, after error: FreshetError) -> Bool {
        guard call.isIdempotent || Self.isCertainlyNotExecuted(error) else { return false }
        if let answer = self.isRetryable?(error) { return answer }
        if let status = error.refusal?.status { return self.statuses.contains(status) }
        return switch error.kind {
        case .unreachable, .interrupted, .tls(.other): true
        case .timeout(let phase): phase != .total
        default: false
        }
    }

    /// The request did not reach the server, or was turned away unread.
    private static func isCertainlyNotExecuted(_ error: FreshetError) -> Bool {
        if let status = error.refusal?.status { return status == 425 || status == 429 }
        return switch error.kind {
        case .unreachable, .tls, .interrupted, .timeout(.resolve), .timeout(.connect), .timeout(.tls): true
        default: false
        }
    }
}
