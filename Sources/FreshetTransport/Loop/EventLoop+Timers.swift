// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

extension EventLoop {
    /// The longest wait without looking whether the machine slept: timers stand still then.
    private static let longestWait: Duration = .seconds(5)

    /// How long memory that nobody uses is kept, at least; twice that at most.
    private static let memoryLife: Duration = .seconds(5)

    private static let epoch = (continuous: ContinuousClock.now, suspending: SuspendingClock.now)

    /// Calls `body` on the loop after `delay`. On the loop's thread only.
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> UInt64 {
        self.schedule(at: .now + delay, body)
    }

    /// Calls `body` on the loop at `due`. On the loop's thread only.
    func schedule(at due: ContinuousClock.Instant, _ body: @escaping () -> Void) -> UInt64 {
        let before = self.timers.nextDue
        let id = self.timers.add(due: due, body)
        if self.timers.nextDue != before { self.armTimer() }
        return id
    }

    /// Forgets a timer; one that has run already is no mistake. On the loop's thread only.
    package func cancel(timer id: UInt64) {
        self.timers.cancel(id)  // the loop may wake up for nothing
    }

    func timerFired() {
        let epoch = Self.epoch
        if self.sleepDetector.slept(
            continuous: ContinuousClock.now - epoch.continuous,
            suspending: SuspendingClock.now - epoch.suspending
        ) {
            for waker in self.wakers.values { waker() }
        }
        let now = ContinuousClock.now
        while let body = self.timers.popDue(at: now) { body() }
        self.armTimer()
    }

    /// Frees, from time to time, the memory of big messages that has not been needed again. On the loop's thread only.
    func trimMemory() {
        // A loop that has ended reads nothing any more, and frees all with its memory.
        guard unsafe self.handle != nil else { return }
        _ = self.schedule(after: Self.memoryLife) {
            if self.memory.trim() { self.trimMemory() }
        }
    }

    private func armTimer() {
        guard let handle = unsafe self.handle else { return }
        guard let due = self.timers.nextDue else {
            unsafe freshet_loop_set_timer(handle, -1)
            return
        }
        let wait = min(due - ContinuousClock.now, Self.longestWait).components
        let microseconds = wait.seconds * 1_000_000 + wait.attoseconds / 1_000_000_000_000
        unsafe freshet_loop_set_timer(handle, max(microseconds, 0))
    }
}
