// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A clock that is twenty times as fast, for what waits for seconds.
struct QuickClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let start = ContinuousClock.now

    var now: Instant { self.start + self.start.duration(to: ContinuousClock.now) * 20 }
    var minimumResolution: Duration { .milliseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let left = self.now.duration(to: deadline)
        if left > .zero { try await Task.sleep(for: left / 20) }
    }

    static var time: TimeSource { TimeSource(QuickClock()) }
}
