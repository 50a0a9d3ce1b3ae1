// SPDX-License-Identifier: Apache-2.0

/// How often a snapshot is asked for.
public struct PollPace: Sendable, Hashable {
    /// From one answer to the next question.
    public var interval: Duration

    /// The share of the interval by which it is longer or shorter, at random: a thousand clients that began together do not
    /// stay together. 0.2 makes 4 to 6 s of 5 s.
    public var jitter: Double

    /// What is waited on top of the interval after a poll that failed.
    public var backoff: Backoff

    /// Makes a pace.
    ///
    /// - Parameters:
    ///   - interval: from one answer to the next question; at least 1 ms.
    ///   - jitter: the share of the interval by which it is longer or shorter, in 0...1.
    ///   - backoff: what is waited on top of the interval after a poll that failed.
    public init(interval: Duration = .seconds(5), jitter: Double = 0.2, backoff: Backoff = Backoff()) {
        self.interval = max(interval, .milliseconds(1))
        self.jitter = min(max(jitter, 0), 1)
        self.backoff = backoff
    }

    /// The wait after a poll.
    ///
    /// - Parameters:
    ///   - failures: how many have failed one after another.
    ///   - floor: what the server asked for.
    ///   - jitter: random in 0..<1.
    /// - Returns: the wait.
    package func delay(failures: Int = 0, floor: Duration = .zero, jitter: Double) -> Duration {
        guard failures > 0 else { return self.interval * (1 + self.jitter * (2 * jitter - 1)) }
        // A server in trouble is never asked more often than one that is well.
        return self.backoff.delay(attempt: failures, jitter: jitter, floor: max(self.interval, floor))
    }
}
