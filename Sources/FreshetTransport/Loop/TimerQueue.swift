// SPDX-License-Identifier: Apache-2.0

/// What a loop is to call later: a value, sorted by time. A loop has few timers at once (deadlines of connections on
/// their way), so a sorted array is enough.
struct TimerQueue {
    struct Entry {
        let id: UInt64
        let due: ContinuousClock.Instant
        let body: () -> Void
    }

    private var entries: [Entry] = []
    private var lastID: UInt64 = 0

    var nextDue: ContinuousClock.Instant? { self.entries.first?.due }

    mutating func add(due: ContinuousClock.Instant, _ body: @escaping () -> Void) -> UInt64 {
        self.lastID += 1
        let index = self.entries.firstIndex { $0.due > due } ?? self.entries.endIndex
        self.entries.insert(Entry(id: self.lastID, due: due, body: body), at: index)
        return self.lastID
    }

    mutating func cancel(_ id: UInt64) {
        self.entries.removeAll { $0.id == id }
    }

    mutating func removeAll() {
        self.entries = []
    }

    /// Removes and returns what is due.
    mutating func popDue(at now: ContinuousClock.Instant) -> [() -> Void] {
        let due = self.entries.prefix { $0.due <= now }
        self.entries.removeFirst(due.count)
        return due.map(\.body)
    }
}
