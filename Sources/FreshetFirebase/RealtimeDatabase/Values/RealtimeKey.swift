// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The rules for names of children, and their order.
package enum RealtimeKey {
    /// The longest key, in bytes of UTF-8.
    static let limit = 768

    /// Checks a key that is to be written.
    ///
    /// - Parameter key: the key.
    /// - Throws: `.invalidInput` when it cannot be one.
    package static func check(_ key: String) throws(FreshetError) {
        let isPlain = key.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && !".#$[]/".utf8.contains($0) }
        guard !isPlain || key.isEmpty || key.utf8.count > Self.limit else { return }
        throw FreshetError(
            .invalidInput,
            "a key cannot be \"\(key.prefix(64))\"",
            hint: "1 to 768 bytes, without . # $ [ ] / and control characters"
        )
    }

    /// The number that a key is taken for in the order of keys: whole, of 32 bits.
    static func number(_ key: String) -> Int64? {
        let digits = key.utf8.first == UInt8(ascii: "-") ? key.utf8.dropFirst() : key.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let zeros = digits.prefix { $0 == 0x30 }.count
        guard digits.count - zeros <= 10, let value = Int64(key), Int32(exactly: value) != nil else { return nil }
        return value
    }

    /// The order of keys: those that are whole numbers first, by value; then the others, by their units of UTF-16.
    package static func areInOrder(_ left: String, _ right: String) -> Bool {
        switch (Self.number(left), Self.number(right)) {
        case (let one?, let other?) where one == other: left.utf8.count < right.utf8.count
        case (let one?, let other?): one < other
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): Self.isBefore(left, right)
        }
    }

    /// The order of texts.
    static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf16.lexicographicallyPrecedes(right.utf16)
    }

    /// The place in an array that a key stands for.
    static func place(_ key: String) -> Int? {
        guard let first = key.utf8.first, (0x30...0x39).contains(first), first != 0x30 || key.utf8.count == 1 else {
            return nil
        }
        return Int(key)
    }
}
