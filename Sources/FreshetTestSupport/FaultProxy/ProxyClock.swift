// SPDX-License-Identifier: Apache-2.0

/// The time of a proxy, since it began: real, or a test's.
struct ProxyClock: Sendable {
    let now: @Sendable () -> Duration
    /// Returns when `now` has come to so much.
    let wait: @Sendable (Duration) async throws -> Void

    init<C: Clock<Duration>>(_ clock: C) {
        let origin = clock.now
        self.now = { origin.duration(to: clock.now) }
        self.wait = { try await clock.sleep(until: origin.advanced(by: $0), tolerance: nil) }
    }
}
