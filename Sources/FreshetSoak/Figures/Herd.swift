// SPDX-License-Identifier: Apache-2.0

/// How clients came back after one fault: whether all at once, or spread.
package struct Herd: Sendable, Hashable, Codable {
    /// The fault, and its number in the history.
    package var id: String
    package var number: Int
    /// Connections that arrived in each 100 ms after the fault's end.
    package var arrivals: [Int]
    /// How long after the fault's end each client had its next element, in µs; sorted.
    package var back: [Int]

    /// In µs.
    package static let part = 100_000
    /// What comes later counts to the last.
    package static let room = 300

    package var total: Int { self.arrivals.reduce(0, +) }

    /// The greatest part, over the mean from the first arrival to the last.
    package var peakRatio: Double? {
        guard let first = self.arrivals.firstIndex(where: { $0 > 0 }),
            let last = self.arrivals.lastIndex(where: { $0 > 0 })
        else { return nil }
        let mean = Double(self.total) / Double(last - first + 1)
        return Double(self.arrivals.max() ?? 0) / mean
    }

    /// When so great a share of those that came back were back, in µs.
    package func back(_ share: Double) -> Int? {
        guard !self.back.isEmpty else { return nil }
        let index = Int((share * Double(self.back.count)).rounded(.up)) - 1
        return self.back[min(max(index, 0), self.back.count - 1)]
    }

    mutating func arrive(after us: Int) {
        let part = min(max(us, 0) / Self.part, Self.room - 1)
        while self.arrivals.count <= part { self.arrivals.append(0) }
        self.arrivals[part] += 1
    }
}
