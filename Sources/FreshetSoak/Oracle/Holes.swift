// SPDX-License-Identifier: Apache-2.0

/// Places that a stream has passed over. Bounded: the oldest are forgotten.
struct Holes {
    struct Hole {
        var places: ClosedRange<Int>
        /// The lines before it and after it.
        let lines: [Int]
        /// Whether the server took the stream up again in it.
        let isAfterDrop: Bool
    }

    private(set) var all: [Hole] = []
    let limit: Int

    /// Adds a hole; what no longer has room is returned.
    mutating func add(_ hole: Hole) -> Hole? {
        self.all.append(hole)
        return self.all.count > self.limit ? self.all.removeFirst() : nil
    }

    /// Takes a place out; nil when it is in none.
    mutating func fill(_ place: Int) -> Hole? {
        guard let index = self.all.lastIndex(where: { $0.places.contains(place) }) else { return nil }
        let hole = self.all.remove(at: index)
        let (low, high) = (hole.places.lowerBound, hole.places.upperBound)
        if place < high {
            self.all.insert(Hole(places: place + 1...high, lines: hole.lines, isAfterDrop: hole.isAfterDrop), at: index)
        }
        if low < place {
            self.all.insert(Hole(places: low...place - 1, lines: hole.lines, isAfterDrop: hole.isAfterDrop), at: index)
        }
        return hole
    }

    mutating func removeAll() -> [Hole] {
        defer { self.all = [] }
        return self.all
    }

    /// Those that end before this place.
    mutating func removeAll(before place: Int) -> [Hole] {
        guard let first = self.all.first, first.places.upperBound < place else { return [] }
        let old = self.all.filter { $0.places.upperBound < place }
        self.all.removeAll { $0.places.upperBound < place }
        return old
    }
}
