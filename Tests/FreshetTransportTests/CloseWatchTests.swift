// SPDX-License-Identifier: Apache-2.0

import FreshetTransport
import Testing

/// When a close of ours is given up; a second has four looks.
struct CloseWatchTests {
    /// The number of the look at which it is over; each look sees what is not taken, and whether some of it waits to go out.
    private func end(_ patience: Duration, _ untaken: Int, _ looks: [(Int, Bool)]) -> Int? {
        var watch = CloseWatch(patience: patience, untaken: untaken)
        return looks.firstIndex { watch.isOver(untaken: $0.0, isWaiting: $0.1) }.map { $0 + 1 }
    }

    @Test("A peer that has everything and does not answer is left after a second")
    func unanswered() {
        let looks = (0..<20).map { _ in (0, false) }
        #expect(self.end(.seconds(10), 0, looks) == 4)
        // What it took last counts.
        #expect(self.end(.seconds(10), 100, looks) == 5)
    }

    @Test("A peer that takes nothing is left when the patience is over, however little waits")
    func takesNothing() {
        let looks = (0..<100).map { _ in (60_000, true) }
        #expect(self.end(.seconds(10), 60_000, looks) == 40)
        #expect(self.end(.zero, 60_000, looks) == 4)
    }

    @Test("As long as a peer takes something now and then, it is waited for, and then a second more")
    func slow() {
        let slow = (1...2000).map { look in (1000 - look / 39, true) }
        #expect(self.end(.seconds(10), 1000, slow) == nil)
        let kernel = (1...200).map { look in (1000 - look / 3, false) }
        #expect(self.end(.seconds(10), 1000, kernel) == nil)
        #expect(self.end(.seconds(10), 1000, slow + (0..<20).map { _ in (0, false) }) == 2005)
    }
}
