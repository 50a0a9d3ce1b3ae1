// SPDX-License-Identifier: Apache-2.0

/// When there is no WebSocket to be had: feeds that have a snapshot function are kept alive by asking that instead.
///
/// It begins at once when the upgrade is answered in HTTP, and not with 401: then somebody is there who does not want
/// WebSockets, or lets none through. It begins after ``failures`` attempts that failed in another way. The WebSocket is tried
/// all the while, with the backoff of ``ConnectionPolicy``, and taken as soon as it is to be had.
///
/// On the very first connection a failure of another kind makes one poll: if that fails too, the feed ends with the
/// WebSocket's error, for then the URL is likely wrong.
public struct FallbackPolicy: Sendable, Hashable {
    /// How many attempts one after another have to fail before it begins, where nobody answered in HTTP; at least 1.
    public var failures: Int

    /// From one answer to the next question.
    public var interval: Duration

    /// The share of the interval by which it is longer or shorter, at random.
    public var jitter: Double

    /// What is waited on top of the interval after a poll that failed.
    public var backoff: Backoff

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - failures: how many attempts one after another have to fail before it begins.
    ///   - interval: from one answer to the next question.
    ///   - jitter: the share of the interval by which it is longer or shorter, in 0...1.
    ///   - backoff: what is waited on top of the interval after a poll that failed.
    public init(
        failures: Int = 3,
        interval: Duration = .seconds(5),
        jitter: Double = 0.2,
        backoff: Backoff = Backoff()
    ) {
        self.failures = failures
        self.interval = interval
        self.jitter = jitter
        self.backoff = backoff
    }

    /// How often to ask.
    package var pace: PollPace { PollPace(interval: self.interval, jitter: self.jitter, backoff: self.backoff) }
}
