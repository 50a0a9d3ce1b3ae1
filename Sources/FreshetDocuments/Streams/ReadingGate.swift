// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Holds up the tasks that read while their consumer is behind.
package final class ReadingGate: Sendable {
    private struct State: Sendable {
        var isOpen = true
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Locked(State())

    package init() {}

    package func close() { self.state.withLock { $0.isOpen = false } }

    package func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns when it is open, true, or the task is cancelled, false.
    package func pass() async -> Bool {
        while !Task.isCancelled {
            if self.state.withLock({ $0.isOpen }) { return true }
            await self.wait()
        }
        return false
    }

    private func wait() async {
        let id = self.state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = self.state.withLock { state in
                    if state.isOpen || Task.isCancelled { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.resume()
        }
    }
}
