// SPDX-License-Identifier: Apache-2.0

import HeapModule

/// What a loop is to call later: a value. Adding, cancelling and taking cost little however many there are.
struct TimerQueue {
    private struct Entry: Comparable {
        let due: ContinuousClock.Instant
        let id: UInt64

        static func < (left: Self, right: Self) -> Bool { (left.due, left.id) < (right.due, right.id) }
    }

    private var entries = Heap<Entry>()
    /// Those not cancelled: an entry without its body is passed over when its turn comes.
    private var bodies: [UInt64: () -> Void] = [:]
    private var lastID: UInt64 = 0

    /// When to look next. It may be that of a timer that has been cancelled.
    var nextDue: ContinuousClock.Instant? { self.entries.min?.due }

    mutating func add(due: ContinuousClock.Instant, _ body: @escaping () -> Void) -> UInt64 {
        self.lastID += 1
        self.entries.insert(Entry(due: due, id: self.lastID))
        self.bodies[self.lastID] = body
        return self.lastID
    }

    mutating func cancel(_ id: UInt64) {
        guard self.bodies.removeValue(forKey: id) != nil else { return }
        // Connections come and go faster than their timers would: those cancelled must not pile up.
        if self.entries.count > 64, self.entries.count > 4 * self.bodies.count {
            self.entries = Heap(self.entries.unordered.filter { self.bodies[$0.id] != nil })
        }
    }

    mutating func removeAll() {
        self.entries = Heap()
        self.bodies = [:]
    }

    /// Removes and returns the next that is due: one at a time, since it may cancel another.
    mutating func popDue(at now: ContinuousClock.Instant) -> (() -> Void)? {
        while let first = self.entries.min, first.due <= now {
            self.entries.removeMin()
            if let body = self.bodies.removeValue(forKey: first.id) { return body }
        }
        return nil
    }
}
