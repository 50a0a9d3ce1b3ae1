// SPDX-License-Identifier: Apache-2.0

/// What says, without listing a range, whether it is what it was: every change makes another document the newest one, or their
/// number another one. Only a store that has lost its history can have both again, and that has gone back in its revisions.
struct EtcdSummary: Sendable, Equatable {
    let count: Int64
    let newest: Int64
    let revision: Int64

    init(count: Int64, newest: Int64, revision: Int64) {
        self.count = count
        self.newest = newest
        self.revision = revision
    }

    init?(validator: String) {
        let numbers = validator.split(separator: "/").compactMap { Int64($0) }
        guard numbers.count == 3 else { return nil }
        self.init(count: numbers[0], newest: numbers[1], revision: numbers[2])
    }

    /// What is given back with the next question.
    var validator: String { "\(self.count)/\(self.newest)/\(self.revision)" }

    /// Whether the range is what it was at an earlier one.
    func isSame(as earlier: EtcdSummary) -> Bool {
        self.count == earlier.count && self.newest == earlier.newest && self.revision >= earlier.revision
    }
}
