// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: exponential, with full jitter, so that a thousand clients of a server that
/// restarts do not come back in the same instant.
///
/// | attempt | longest wait, with the defaults |
/// |---|---|
/// | 1 | 250 ms |
/// | 2 | 500 ms |
/// | 5 | 4 s |
/// | 8 and on | 30 s |
public struct Backoff: Sendable, Hashable {
    /// The longest first wait.
    public var initial: Duration
    /// What each attempt multiplies it by.
    public var factor: Double
    /// The longest wait of all.
    public var cap: Duration

    /// Makes a backoff.
    ///
    /// - Parameters:
    ///   - initial: the longest first wait.
    ///   - factor: what each attempt multiplies it by.
    ///   - cap: the longest wait of all.
    public init(initial: Duration = .milliseconds(250), factor: Double = 2, cap: Duration = .seconds(30)) {
        self.initial = initial
        self.factor = factor
        self.cap = cap
    }

    /// The wait before attempt `attempt` (1 is the first), where `jitter` is random in 0..<1 and `floor` is what the
    /// server asked for.
    package func delay(attempt: Int, jitter: Double, floor: Duration = .zero) -> Duration {
        var ceiling = self.initial
        var left = attempt
        while left > 1, ceiling < self.cap, self.factor > 1 {
            ceiling = ceiling * min(self.factor, 1000)
            left -= 1
        }
        // The floor is added, not a maximum: at the floor itself all clients would meet again.
        return floor + min(ceiling, self.cap) * jitter
    }
}
