// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Walks through JSON once, without building anything.
///
/// It trusts that the text is JSON: ``JSONCheck`` has looked at it.
struct JSONCursor {
    let bytes: [UInt8]
    var position: Int

    /// The first byte of the value at the position.
    var first: UInt8 { self.bytes[self.position] }

    /// Steps into the object or array at the position.
    mutating func enter() {
        self.position += 1
    }

    /// The next key of the object, between its quotes, with its value at the position; nil after the last.
    mutating func nextKey() -> Range<Int>? {
        guard self.nextElement() else { return nil }
        let key = self.skipString()
        self.skipSpace()
        self.position += 1
        self.skipSpace()
        return key
    }

    /// Goes to the next element of the array, or the next key of the object; false after the last, behind the bracket.
    mutating func nextElement() -> Bool {
        self.skipSpace()
        switch self.bytes[self.position] {
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            self.position += 1
            return false
        case UInt8(ascii: ","):
            self.position += 1
            self.skipSpace()
        default: break
        }
        return true
    }

    /// Skips the value at the position and returns where it was.
    @discardableResult
    mutating func skipValue() -> Range<Int> {
        let start = self.position
        switch self.first {
        case UInt8(ascii: "\""): self.skipString()
        case UInt8(ascii: "{"), UInt8(ascii: "["): self.skipNested()
        default:
            while self.position < self.bytes.count, !Self.endsScalar(self.bytes[self.position]) { self.position += 1 }
        }
        return start..<self.position
    }

    mutating func skipSpace() {
        while self.position < self.bytes.count, self.bytes[self.position] <= 0x20 { self.position += 1 }
    }

    @discardableResult
    private mutating func skipString() -> Range<Int> {
        let start = self.position + 1
        var position = Self.endOfPlainText(self.bytes, start)
        while self.bytes[position] != UInt8(ascii: "\"") {
            // An escape, the second character of which may be a quote.
            position = Self.endOfPlainText(self.bytes, position + 2)
        }
        self.position = position + 1
        return start..<position
    }

    /// Where the next quote, escape or control character is, or the end.
    @inline(__always)
    static func endOfPlainText(_ bytes: [UInt8], _ start: Int) -> Int {
        bytes.withUnsafeBytes { bytes in
            var position = start
            while position < bytes.count {
                let byte = bytes[position]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
                position += 1
            }
            return position
        }
    }

    private mutating func skipNested() {
        var depth = 0
        repeat {
            switch self.bytes[self.position] {
            case UInt8(ascii: "\""):
                self.skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            self.position += 1
        } while depth > 0
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}
