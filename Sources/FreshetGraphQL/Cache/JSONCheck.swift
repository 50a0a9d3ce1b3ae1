// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Whether a text is one JSON value (RFC 8259), and nothing behind it; without recursion, so any depth will do.
struct JSONCheck {
    /// A member of the object that is the whole text.
    struct Member {
        /// Between its quotes.
        let key: Range<Int>
        fileprivate(set) var value: Range<Int>
    }

    private let bytes: [UInt8]
    private var position = 0
    /// The brackets that are open: true for those of an object.
    private var open: [Bool] = []
    private var members: [Member] = []

    /// - Returns: the members, if it is an object.
    /// - Throws: `.protocolViolation`, with the offset at which it stops being JSON.
    static func run(_ bytes: [UInt8]) throws(FreshetError) -> [Member] {
        var check = JSONCheck(bytes: bytes)
        guard check.checkAll() else {
            throw FreshetError(
                .protocolViolation,
                "the result is not JSON from byte \(min(check.position, bytes.count)) on",
                hint: "check that the URL is a GraphQL endpoint"
            )
        }
        return check.members
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var peek: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func checkAll() -> Bool {
        self.skipSpace()
        guard self.checkValue() else { return false }
        while let isObject = self.open.last {
            if self.open.count == 1, let member = self.members.last {
                self.members[self.members.count - 1].value = member.value.lowerBound..<self.position
            }
            self.skipSpace()
            switch self.peek {
            case UInt8(ascii: ","):
                self.position += 1
                self.skipSpace()
                guard !isObject || self.checkKey(), self.checkValue() else { return false }
            case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
                self.position += 1
                self.open.removeLast()
            default: return false
            }
        }
        self.skipSpace()
        return self.position == self.bytes.count
    }

    /// A value; of an object or array everything up to the end of its first scalar or empty bracket.
    private mutating func checkValue() -> Bool {
        while true {
            switch self.peek {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = self.peek == UInt8(ascii: "{")
                self.position += 1
                self.skipSpace()
                if self.peek == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    self.position += 1
                    return true
                }
                self.open.append(isObject)
                guard !isObject || self.checkKey() else { return false }
            case UInt8(ascii: "\""): return self.checkString()
            case UInt8(ascii: "t"): return self.check("true")
            case UInt8(ascii: "f"): return self.check("false")
            case UInt8(ascii: "n"): return self.check("null")
            default: return self.checkNumber()
            }
        }
    }

    private mutating func checkKey() -> Bool {
        let start = self.position + 1
        guard self.peek == UInt8(ascii: "\""), self.checkString() else { return false }
        let key = start..<self.position - 1
        self.skipSpace()
        guard self.peek == UInt8(ascii: ":") else { return false }
        self.position += 1
        self.skipSpace()
        if self.open.count == 1 { self.members.append(Member(key: key, value: self.position..<self.position)) }
        return true
    }

    private mutating func skipSpace() {
        while let byte = self.peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.position += 1 }
    }

    private mutating func check(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard self.bytes.count - self.position >= count,
            word.withUTF8Buffer({ self.bytes[self.position..<self.position + count].elementsEqual($0) })
        else { return false }
        self.position += count
        return true
    }

    private mutating func checkString() -> Bool {
        self.position += 1
        while true {
            self.position = JSONCursor.endOfPlainText(self.bytes, self.position)
            guard let byte = self.peek, byte >= 0x20 else { return false }
            self.position += 1
            if byte == UInt8(ascii: "\"") { return true }
            guard self.checkEscape() else { return false }
        }
    }

    private mutating func checkEscape() -> Bool {
        guard let byte = self.peek else { return false }
        self.position += 1
        guard byte == UInt8(ascii: "u") else { return #""\/bfnrt"#.utf8.contains(byte) }
        for _ in 0..<4 {
            guard let digit = self.peek, Unicode.Scalar(digit).properties.isASCIIHexDigit else { return false }
            self.position += 1
        }
        return true
    }

    private mutating func checkNumber() -> Bool {
        if self.peek == UInt8(ascii: "-") { self.position += 1 }
        let first = self.position
        guard self.checkDigits(), self.bytes[first] != UInt8(ascii: "0") || self.position == first + 1 else {
            return false
        }
        if self.peek == UInt8(ascii: ".") {
            self.position += 1
            guard self.checkDigits() else { return false }
        }
        if let byte = self.peek, byte | 0x20 == UInt8(ascii: "e") {
            self.position += 1
            if let sign = self.peek, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { self.position += 1 }
            return self.checkDigits()
        }
        return true
    }

    private mutating func checkDigits() -> Bool {
        let first = self.position
        while let byte = self.peek, Self.isDigit(byte) { self.position += 1 }
        return self.position > first
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
