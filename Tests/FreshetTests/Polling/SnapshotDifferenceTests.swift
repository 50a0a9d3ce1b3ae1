// SPDX-License-Identifier: Apache-2.0

import Freshet
import Testing

/// From one list to the next.
struct SnapshotDifferenceTests {
    private typealias Difference = SnapshotDifference<String, Int>

    @Test("What is removed comes first, in the old order; what is added or changed in the new one")
    func order() {
        var difference = Difference()
        #expect(
            difference.update(to: [("c", 1), ("a", 2), ("b", 3)]) == [.added("c", 1), .added("a", 2), .added("b", 3)]
        )
        #expect(
            difference.update(to: [("d", 4), ("a", 5), ("e", 6)]) == [
                .removed("c", 1), .removed("b", 3), .added("d", 4), .changed("a", from: 2, to: 5), .added("e", 6),
            ]
        )
        #expect(difference.elements.map(\.key) == ["d", "a", "e"])
        #expect(difference.elements.map(\.value) == [4, 5, 6])
    }

    @Test("The same again, and moving alone, is no change")
    func same() {
        var difference = Difference()
        _ = difference.update(to: [("a", 1), ("b", 2)])
        #expect(difference.update(to: [("b", 2), ("a", 1)]) == [])
        #expect(difference.elements.map(\.key) == ["b", "a"])
        #expect(difference.update(to: []) == [.removed("b", 2), .removed("a", 1)])
        #expect(difference.update(to: []) == [])
    }

    @Test("Of a key that comes twice the last value counts")
    func twice() {
        var difference = Difference()
        #expect(difference.update(to: [("a", 1), ("b", 2), ("a", 3)]) == [.added("a", 3), .added("b", 2)])
    }
}
