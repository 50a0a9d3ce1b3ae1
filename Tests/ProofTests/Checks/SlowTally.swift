// SPDX-License-Identifier: Apache-2.0

import FreshetGraphQL

/// What a slow consumer was handed, and what its gaps say was dropped, against the numbers of the elements: they begin with 1
/// and have no holes of their own.
struct SlowTally: Sendable {
    private(set) var handed = 0
    private(set) var dropped = 0
    private(set) var gaps = 0
    private(set) var last = 0
    private(set) var failures: [String] = []
    /// Whether what is kept stands in a row after each gap: then each gap is as large as the jump in numbers.
    let isInRow: Bool
    private var jump = 0

    init(isInRow: Bool) { self.isInRow = isInRow }

    mutating func take(_ event: FeedEvent<LogElement>) {
        switch event {
        case .gap(let gap):
            // What came before was whole batches: all of it is accounted for.
            self.settle()
            self.gaps += 1
            guard gap.cause == .overflow, let count = gap.count, count > 0 else {
                return self.fail("after \(self.last) a gap of cause \(gap.cause) and count \(gap.count ?? -1)")
            }
            self.dropped += count
            self.jump = count
        case .update(let element), .snapshot(let element):
            self.handed += 1
            let expected = self.last + 1 + self.jump
            if self.isInRow ? element.n != expected : element.n <= self.last {
                self.fail("after \(self.last) and a gap of \(self.jump) came \(element.n)")
            }
            self.jump = 0
            self.last = element.n
        }
    }

    /// At the end of a batch: everything up to the last element was handed out, or is in a gap's count.
    mutating func settle() {
        guard self.handed + self.dropped != self.last else { return }
        self.fail("\(self.handed) handed out and \(self.dropped) dropped up to number \(self.last)")
    }

    private mutating func fail(_ text: String) {
        if self.failures.count < 3 { self.failures.append(text) }
    }
}
