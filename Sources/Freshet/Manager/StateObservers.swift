// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Who wants to know what the connection does, and what they were told last.
struct StateObservers {
    typealias Continuation = AsyncStream<ConnectionState>.Continuation

    private var continuations: [UInt64: Continuation] = [:]
    private var lastID: UInt64 = 0
    private var state = ConnectionState.idle

    /// Tells the newcomer the present state, and returns what to `remove` it by.
    mutating func add(_ continuation: Continuation) -> UInt64 {
        self.lastID += 1
        self.continuations[self.lastID] = continuation
        continuation.yield(self.state)
        return self.lastID
    }

    mutating func remove(_ id: UInt64) {
        self.continuations[id] = nil
    }

    mutating func report(_ state: ConnectionState) {
        guard state != self.state else { return }
        self.state = state
        for continuation in self.continuations.values { continuation.yield(state) }
    }

    func finish() {
        for continuation in self.continuations.values { continuation.finish() }
    }
}
