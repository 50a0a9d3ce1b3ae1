// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Values that the server fills in, and values with a priority: to be written wherever a value may be.
public enum RealtimeValue {
    /// The server's time at which it is written, in milliseconds since 1970.
    public static var timestamp: JSONValue { [".sv": "timestamp"] }

    /// What is there now and so much more; what is no number counts as 0.
    ///
    /// - Parameter amount: how much more; less where it is negative.
    /// - Returns: the value to write.
    public static func increment(by amount: Int) -> JSONValue { [".sv": ["increment": .integer(Int64(amount))]] }

    /// The same of a number with a fraction.
    ///
    /// - Parameter amount: how much more.
    /// - Returns: the value to write.
    public static func increment(by amount: Double) -> JSONValue { [".sv": ["increment": .number(amount)]] }

    /// A value with a priority, by which it may be put in order among others.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - priority: a text or a number.
    /// - Returns: the value to write.
    public static func prioritized(_ value: JSONValue, _ priority: JSONValue) -> JSONValue {
        guard case .object(var members) = value else { return [".value": value, ".priority": priority] }
        members[".priority"] = priority
        return .object(members)
    }

    /// Checks what is to be written: keys, numbers, depth.
    static func check(_ value: JSONValue, depth: Int = 0) throws(FreshetError) {
        guard depth <= 32 else { throw FreshetError(.invalidInput, "a value has more than 32 levels of children") }
        switch value {
        case .null, .bool, .integer, .string: break
        case .number(let number):
            guard number.isFinite else {
                throw FreshetError(.invalidInput, "a value has a number that JSON does not have: \(number)")
            }
        case .array(let elements): for element in elements { try Self.check(element, depth: depth + 1) }
        case .object(let members):
            for (key, member) in members {
                if [".sv", ".value", ".priority"].contains(key) { continue }
                try RealtimeKey.check(key)
                try Self.check(member, depth: depth + 1)
            }
        }
    }

    /// Whether the server fills something in, so that what is stored is not known.
    static func isFilledIn(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .integer, .number, .string: false
        case .array(let elements): elements.contains { Self.isFilledIn($0) }
        case .object(let members): members[".sv"] != nil || members.values.contains { Self.isFilledIn($0) }
        }
    }
}
