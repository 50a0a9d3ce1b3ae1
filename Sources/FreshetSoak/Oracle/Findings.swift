// SPDX-License-Identifier: Apache-2.0

/// What the oracle has found so far.
package struct Findings: Sendable {
    /// The first of each invariant.
    package private(set) var breaches: [Breach] = []
    /// All of them.
    package private(set) var counts: [Invariant: Int] = [:]
    package var tally = Tally()

    /// So many of each are kept, so that a flood of one hides no other.
    package static let kept = 20

    package var total: Int { self.counts.values.reduce(0, +) }

    mutating func add(_ invariant: Invariant, _ message: String, at stream: StreamName? = nil, lines: [Int]) {
        self.add(
            Breach(
                invariant: invariant,
                client: stream?.client,
                stream: stream?.stream,
                message: message,
                lines: lines
            )
        )
    }

    mutating func add(_ breach: Breach) {
        var breach = breach
        breach.lines = Array(Set(breach.lines.filter { $0 > 0 })).sorted()
        let count = self.counts[breach.invariant, default: 0]
        self.counts[breach.invariant] = count + 1
        if count < Self.kept { self.breaches.append(breach) }
    }
}

/// A stream of a client.
struct StreamName: Hashable, Sendable {
    let client: Int
    let stream: Int
}

/// What was counted.
package struct Tally: Sendable, Hashable, Codable {
    /// Elements that servers published.
    package var sent = 0
    /// Elements that consumers were handed.
    package var delivered = 0
    /// Elements that are missing, and no gap says so.
    package var lost = 0
    /// Elements that are missing, and a gap said so before.
    package var lostDeclared = 0
    package var duplicates = 0
    package var reordered = 0
    /// From before the stream's beginning.
    package var stale = 0
    package var gaps = 0
    /// Gaps in which nothing was missing.
    package var needlessGaps = 0
    package var snapshots = 0
    /// Snapshots that replaced a state.
    package var resyncs = 0
    package var ends = 0
    /// Elements that came so late that the oracle did not remember them: their number is judged, but not their content.
    package var unchecked = 0
    package var refreshes = 0
    package var tokensReplaced = 0
    package var expiredSent = 0

    package init() {}
}
