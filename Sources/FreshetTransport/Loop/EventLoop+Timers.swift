// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop

extension EventLoop {
    /// Calls `body` on the loop after `delay`. On the loop's thread only.
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> UInt64 {
        let id = self.timers.add(due: ContinuousClock.now + delay, body)
        self.armTimer()
        return id
    }

    /// Forgets a timer; one that has run already is no mistake. On the loop's thread only.
    package func cancel(timer id: UInt64) {
        self.timers.cancel(id)
        self.armTimer()
    }

    func timerFired() {
        for body in self.timers.popDue(at: ContinuousClock.now) { body() }
        self.armTimer()
    }

    private func armTimer() {
        guard let handle = unsafe self.handle else { return }
        guard let due = self.timers.nextDue else {
            unsafe freshet_loop_set_timer(handle, -1)
            return
        }
        let wait = (due - ContinuousClock.now).components
        // A day at most: when it fires for nothing, it is armed again.
        let microseconds = min(wait.seconds, 86_400) * 1_000_000 + wait.attoseconds / 1_000_000_000_000
        unsafe freshet_loop_set_timer(handle, max(microseconds, 0))
    }
}
