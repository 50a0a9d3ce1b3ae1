// SPDX-License-Identifier: Apache-2.0

/// What is known of a feed whose elements have numbers that go up by one, beside the last number.
struct Numbering: Sendable {
    /// Where an element stands after the last one.
    enum Place: Equatable {
        case next
        /// It was handed out before, or told to be missing.
        case repeated
        /// So many are missing before it; nil: more than can be counted.
        case beyond(missing: Int?)
    }

    /// Whether it was subscribed again because of what is missing after the last element.
    private(set) var hasAskedAgain = false
    /// Since the last element.
    private(set) var outage: Duration = .zero
    /// Whether nothing that is new has come of this subscription yet.
    private var isFresh = true
    private var hasNoted = false

    /// - Parameters:
    ///   - number: of the element.
    ///   - last: of the last one; nil: this is the first.
    /// - Returns: where it stands.
    static func place(of number: Int64, after last: Int64?) -> Place {
        guard let last else { return .next }
        guard number > last else { return .repeated }
        let (distance, isTooFar) = number.subtractingReportingOverflow(last)
        guard !isTooFar else { return .beyond(missing: nil) }
        return distance == 1 ? .next : .beyond(missing: Int(distance - 1))
    }

    /// It is subscribed, after being away for so long.
    mutating func begin(outage: Duration) {
        self.outage += outage
        self.isFresh = true
        self.hasNoted = false
    }

    mutating func askedAgain() { self.hasAskedAgain = true }

    /// An element was handed out.
    mutating func delivered() {
        self.hasAskedAgain = false
        self.outage = .zero
        self.isFresh = false
    }

    /// Whether it is worth a note that this number comes again: once for each subscription. Many servers begin with the element
    /// at the cursor.
    mutating func isOdd(_ number: Int64, after last: Int64) -> Bool {
        guard !self.hasNoted, !(self.isFresh && number == last) else { return false }
        self.hasNoted = true
        return true
    }
}
