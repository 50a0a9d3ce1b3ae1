// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What came of connections that came and went.
struct ChurnReport: Sendable {
    /// How many ended.
    var ends = 0
    /// What was told after an end.
    var late = 0
    /// How often each kind of thing happened.
    var outcomes: [String: Int] = [:]

    mutating func note(_ outcome: String) { self.outcomes[outcome, default: 0] += 1 }

    mutating func note(_ error: FreshetError) {
        switch error.kind {
        case .timeout(let phase): self.note("timeout \(phase)")
        case .tls: self.note("tls")
        case .upgradeRefused: self.note("refused")
        default: self.note("\(error.kind)")
        }
    }

    mutating func add(_ other: Self) {
        self.ends += other.ends
        self.late += other.late
        self.outcomes.merge(other.outcomes) { $0 + $1 }
    }
}
