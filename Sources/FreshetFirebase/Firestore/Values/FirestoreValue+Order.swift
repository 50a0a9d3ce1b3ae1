// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Firestore's order of values: by their kinds first.
extension FirestoreValue {
    /// Which of two comes first: below zero this one, above it the other one.
    package func compare(to other: FirestoreValue) -> Int {
        let (left, right) = (self.rank, other.rank)
        guard left == right else { return left < right ? -1 : 1 }
        switch (self, other) {
        case (.boolean(let left), .boolean(let right)): return left == right ? 0 : right ? -1 : 1
        case (.integer(let left), .integer(let right)): return Self.order(left, right)
        case (.double(let left), .double(let right)): return Self.order(left, right)
        case (.integer(let left), .double(let right)): return Self.compare(left, right)
        case (.double(let left), .integer(let right)): return -Self.compare(right, left)
        case (.timestamp(let left), .timestamp(let right)): return Self.order(left, right)
        case (.string(let left), .string(let right)): return Self.compare(left.utf8, right.utf8)
        case (.bytes(let left), .bytes(let right)): return Self.compare(left, right)
        case (.reference(let left), .reference(let right)): return left.compare(to: right)
        case (.geoPoint(let left), .geoPoint(let right)):
            let first = Self.order(left.latitude, right.latitude)
            return first != 0 ? first : Self.order(left.longitude, right.longitude)
        case (.array(let left), .array(let right)): return Self.compare(left, right)
        case (.vector(let left), .vector(let right)):
            let first = Self.order(left.elements.count, right.elements.count)
            return first != 0
                ? first : Self.compare(left.elements.map { .double($0) }, right.elements.map { .double($0) })
        case (.map(let left), .map(let right)): return Self.compare(left, right)
        default: return 0
        }
    }

    private var rank: Int {
        switch self {
        case .null: 0
        case .boolean: 1
        case .double(let value) where value.isNaN: 2
        case .integer, .double: 3
        case .timestamp: 4
        case .string: 5
        case .bytes: 6
        case .reference: 7
        case .geoPoint: 8
        case .array: 9
        case .vector: 10
        case .map: 11
        }
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }

    /// Exact: not every integer is a double.
    private static func compare(_ left: Int64, _ right: Double) -> Int {
        if right >= 0x1p63 { return -1 }
        if right < -0x1p63 { return 1 }
        let whole = right.rounded(.towardZero)
        let first = Self.order(left, Int64(whole))
        return first != 0 ? first : Self.order(whole, right)
    }

    static func compare(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Int {
        left.lexicographicallyPrecedes(right) ? -1 : right.lexicographicallyPrecedes(left) ? 1 : 0
    }

    private static func compare(_ left: [FirestoreValue], _ right: [FirestoreValue]) -> Int {
        for (left, right) in zip(left, right) {
            let first = left.compare(to: right)
            if first != 0 { return first }
        }
        return Self.order(left.count, right.count)
    }

    private static func compare(_ left: [String: FirestoreValue], _ right: [String: FirestoreValue]) -> Int {
        let names = [left, right].map { $0.keys.sorted { Self.compare($0.utf8, $1.utf8) < 0 } }
        for (leftName, rightName) in zip(names[0], names[1]) {
            let first = Self.compare(leftName.utf8, rightName.utf8)
            if first != 0 { return first }
            guard let leftValue = left[leftName], let rightValue = right[rightName] else { continue }
            let second = leftValue.compare(to: rightValue)
            if second != 0 { return second }
        }
        return Self.order(left.count, right.count)
    }
}

extension FirestoreName {
    /// Which of two comes first, part by part: so a slash is before every other byte.
    func compare(to other: FirestoreName) -> Int {
        let quick = self.description.utf8.withContiguousStorageIfAvailable { left in
            other.description.utf8.withContiguousStorageIfAvailable { right in Self.compare(left, right) }
        }
        return (quick ?? nil) ?? Self.compare(Array(self.description.utf8), Array(other.description.utf8))
    }

    private static func compare(
        _ left: some RandomAccessCollection<UInt8>,
        _ right: some RandomAccessCollection<UInt8>
    ) -> Int {
        for (left, right) in zip(left, right) where left != right {
            if left == UInt8(ascii: "/") { return -1 }
            if right == UInt8(ascii: "/") { return 1 }
            return left < right ? -1 : 1
        }
        return left.count - right.count
    }
}
