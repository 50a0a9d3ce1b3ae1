// SPDX-License-Identifier: Apache-2.0

/// Time and chance: the real ones, or a test's.
package struct TimeSource: Sendable {
    /// Since some beginning; never goes back.
    package let now: @Sendable () -> Duration
    package let sleep: @Sendable (Duration) async throws -> Void
    /// In 0..<1, for the backoff's jitter.
    package let jitter: @Sendable () -> Double

    package init<C: Clock<Duration>>(
        _ clock: C = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        let origin = clock.now
        self.now = { origin.duration(to: clock.now) }
        self.sleep = { try await clock.sleep(for: $0) }
        self.jitter = jitter
    }
}
