// SPDX-License-Identifier: Apache-2.0

/// Durations, and what part of them is below what.
package struct Percentiles: Sendable {
    private var values: [Duration] = []

    package init() {}

    package var count: Int { self.values.count }

    package mutating func add(_ value: Duration) { self.values.append(value) }

    /// In milliseconds.
    package func at(_ part: Double) -> Int {
        guard !self.values.isEmpty else { return 0 }
        let sorted = self.values.sorted()
        let index = min(Int(Double(sorted.count) * part), sorted.count - 1)
        return Int(sorted[index] / .milliseconds(1))
    }
}
