// SPDX-License-Identifier: Apache-2.0

/// What a proof has come to.
package struct Verdict: Sendable {
    package let name: String
    /// What does not hold, in words; empty when everything does.
    package var failures: [String] = []
    /// Names and values, in order.
    package private(set) var figures: [(name: String, value: String)] = []

    package init(_ name: String) { self.name = name }

    package var holds: Bool { self.failures.isEmpty }

    /// Everything on one line.
    package var line: String {
        let figures = self.figures.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        return
            "\(self.name): \(self.holds ? "holds" : "DOES NOT HOLD (\(self.failures.joined(separator: "; ")))") \(figures)"
    }

    package mutating func note(_ name: String, _ value: some Sendable) {
        self.figures.append((name, "\(value)"))
    }

    package mutating func demand(_ condition: Bool, _ failure: @autoclosure () -> String) {
        if !condition { self.failures.append(failure()) }
    }
}
