// SPDX-License-Identifier: Apache-2.0

import HeapModule

/// Virtual time: what is to happen, in order. Nothing takes any time but waiting.
final class SimulatedClock {
    private struct Entry: Comparable {
        let at: Duration
        /// What is scheduled first happens first.
        let number: Int
        let body: () -> Void

        static func < (left: Entry, right: Entry) -> Bool {
            left.at == right.at ? left.number < right.number : left.at < right.at
        }
        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    private var entries = Heap<Entry>()
    private var lastNumber = 0
    private(set) var now: Duration = .zero
    /// How much has happened.
    private(set) var steps = 0

    func after(_ delay: Duration, _ body: @escaping () -> Void) {
        self.lastNumber += 1
        self.entries.insert(Entry(at: self.now + max(delay, .zero), number: self.lastNumber, body: body))
    }

    /// Lets everything happen that happens before `end`; false when it is suspiciously much.
    func run(until end: Duration, atMost limit: Int) -> Bool {
        while let next = self.entries.min, next.at <= end {
            guard self.steps < limit else { return false }
            self.steps += 1
            self.now = next.at
            self.entries.removeMin()
            next.body()
        }
        self.now = end
        return true
    }
}
