// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A value without children. Whole numbers that fit into 64 bits stay exact.
package enum RealtimeLeaf: Sendable, Hashable {
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)

    /// Nil: it is null, or has children.
    package init?(_ json: JSONValue) {
        switch json {
        case .null, .array, .object: return nil
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .string(let value): self = .string(value)
        case .number(let value):
            // 1.0 and 1 are the same value, but for the sign of a zero.
            let whole = Int64(exactly: value).flatMap { $0 == 0 && value.sign == .minus ? nil : $0 }
            self = whole.map { .integer($0) } ?? .number(value)
        }
    }

    package var json: JSONValue {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        }
    }

    /// What the hash of a value is made of: its type and its value, a number as the 16 digits of its binary64.
    var hashText: String {
        switch self {
        case .bool(let value): "boolean:\(value)"
        case .integer(let value): "number:\(Self.digits(Double(value)))"
        case .number(let value): "number:\(Self.digits(value))"
        case .string(let value): "string:\(value)"
        }
    }

    private static func digits(_ value: Double) -> String {
        let text = String(value.bitPattern, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

extension RealtimeLeaf: Comparable {
    /// False, true, numbers, texts. Texts are compared by their units of UTF-16, as the server does.
    package static func < (left: RealtimeLeaf, right: RealtimeLeaf) -> Bool {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): !left && right
        case (.integer(let left), .integer(let right)): left < right
        case (.string(let left), .string(let right)): RealtimeKey.isBefore(left, right)
        case (.integer(let left), .number(let right)): Double(left) < right
        case (.number(let left), .integer(let right)): left < Double(right)
        case (.number(let left), .number(let right)): left < right
        default: left.rank < right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .bool: 0
        case .integer, .number: 1
        case .string: 2
        }
    }
}
