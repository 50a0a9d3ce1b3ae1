// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The newest entries of a proxy's log, and who waits for more.
final class FaultLog: Sendable {
    private struct State: Sendable {
        var entries: [FaultLogEntry] = []
        var last = 0
        var isClosed = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { self.waiters = [:] }
            return Array(self.waiters.values)
        }
    }

    private let limit: Int
    private let onEntry: (@Sendable (FaultLogEntry) -> Void)?
    private let state = Locked(State())

    init(limit: Int, onEntry: (@Sendable (FaultLogEntry) -> Void)? = nil) {
        self.limit = max(limit, 1)
        self.onEntry = onEntry
    }

    var entries: [FaultLogEntry] { self.state.withLock { $0.entries.suffix(self.limit) } }

    func append(_ event: FaultLogEntry.Event, connection: Int, at time: Duration) {
        let (entry, waiters) = self.state.withLock { state in
            // Cut seldom, so that an entry costs the same however long the log is.
            if state.entries.count >= 2 * self.limit { state.entries.removeFirst(self.limit) }
            state.last += 1
            let entry = FaultLogEntry(number: state.last, time: time, connection: connection, event: event)
            state.entries.append(entry)
            return (entry, state.takeWaiters())
        }
        self.onEntry?(entry)
        for waiter in waiters { waiter.resume() }
    }

    /// Nothing more will come.
    func close() {
        let waiters = self.state.withLock { state in
            state.isClosed = true
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The first entry after number `number` that is as wanted; nil when it cannot come any more, or the task was cancelled.
    func first(
        after number: Int,
        where isWanted: @Sendable (FaultLogEntry) -> Bool
    ) async -> FaultLogEntry? {
        var seen = number
        while true {
            let (entries, isClosed) = self.state.withLock { state in
                (state.entries.filter { $0.number > seen }, state.isClosed)
            }
            if let entry = entries.first(where: isWanted) { return entry }
            seen = entries.last?.number ?? seen
            if isClosed || Task.isCancelled { return nil }
            await self.wait(after: seen)
        }
    }

    private func wait(after number: Int) async {
        let id = self.state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = self.state.withLock { state in
                    if state.last > number || state.isClosed || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
