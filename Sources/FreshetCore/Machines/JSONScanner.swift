// SPDX-License-Identifier: Apache-2.0

/// Finds the members of a JSON object without parsing their values, so that a payload is found on the loop's thread and
/// decoded on the consumer's (design D3).
///
/// It checks what it needs to find its way (quotes, brackets, commas); the values themselves are checked by whoever
/// decodes them. Reads past the end are impossible: every access is bounds-checked.
package struct JSONScanner {
    package enum Failure: Error, Equatable {
        case notAnObject, notAnArray
        case malformed(offset: Int)
    }

    package struct Member: Equatable {
        /// The key, between its quotes, as it stands in the text.
        package let key: Range<Int>
        package let value: Range<Int>
    }

    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private var first = true

    /// Begins at the object that is all of `bytes` but white space; they must outlive the scanner.
    package init(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        try self.init(bytes, opening: UInt8(ascii: "{"), otherwise: .notAnObject)
    }

    /// The same for an array.
    package init(array bytes: UnsafeRawBufferPointer) throws(Failure) {
        try self.init(bytes, opening: UInt8(ascii: "["), otherwise: .notAnArray)
    }

    private init(_ bytes: UnsafeRawBufferPointer, opening: UInt8, otherwise failure: Failure) throws(Failure) {
        self.bytes = bytes
        self.position = 0
        self.skipSpace()
        guard self.position < bytes.count, bytes[self.position] == opening else { throw failure }
        self.position += 1
    }

    /// The next element of the array, or nil after the last.
    package mutating func nextElement() throws(Failure) -> Range<Int>? {
        guard try self.goesOn(until: UInt8(ascii: "]")) else { return nil }
        let start = self.position
        try self.skipValue()
        return start..<self.position
    }

    /// Whether there is another member or element, and the position is at it.
    private mutating func goesOn(until closing: UInt8) throws(Failure) -> Bool {
        self.skipSpace()
        if self.peek == closing {
            self.position += 1
            self.skipSpace()
            guard self.position == self.bytes.count else { throw .malformed(offset: self.position) }
            return false
        }
        if !self.first {
            try self.expect(UInt8(ascii: ","))
            self.skipSpace()
        }
        self.first = false
        return true
    }

    /// The next member of the object, or nil after the last.
    package mutating func next() throws(Failure) -> Member? {
        guard try self.goesOn(until: UInt8(ascii: "}")) else { return nil }
        let key = try self.skipString()
        self.skipSpace()
        try self.expect(UInt8(ascii: ":"))
        self.skipSpace()
        let start = self.position
        try self.skipValue()
        return Member(key: key, value: start..<self.position)
    }

    /// Goes on to the value of a member of this name, which comes next or later; false where there is none. The members before it
    /// are skipped, and it is not: its end need not be found by who needs only its beginning.
    package mutating func find(_ name: StaticString) throws(Failure) -> Bool {
        while try self.goesOn(until: UInt8(ascii: "}")) {
            let key = try self.skipString()
            self.skipSpace()
            try self.expect(UInt8(ascii: ":"))
            self.skipSpace()
            let isIt = name.withUTF8Buffer { UnsafeRawBufferPointer(rebasing: self.bytes[key]).elementsEqual($0) }
            if isIt { return true }
            try self.skipValue()
        }
        return false
    }

    /// Goes into the object that stands here: its members come next. There is no way out of it again.
    package mutating func enter() throws(Failure) {
        guard self.peek == UInt8(ascii: "{") else { throw .notAnObject }
        self.position += 1
        self.first = true
    }

    /// The value that stands here.
    package mutating func value() throws(Failure) -> Range<Int> {
        let start = self.position
        try self.skipValue()
        return start..<self.position
    }

    private var peek: UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func expect(_ byte: UInt8) throws(Failure) {
        guard self.peek == byte else { throw .malformed(offset: self.position) }
        self.position += 1
    }

    private mutating func skipSpace() {
        while let byte = self.peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    /// Skips a string and returns the range between its quotes.
    private mutating func skipString() throws(Failure) -> Range<Int> {
        try self.expect(UInt8(ascii: "\""))
        let start = self.position
        self.skipPlain()
        while let byte = self.peek {
            if byte == UInt8(ascii: "\"") {
                self.position += 1
                return start..<self.position - 1
            }
            guard byte >= 0x20 else { break }
            self.position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\\") { self.skipPlain() }
        }
        throw .malformed(offset: min(self.position, self.bytes.count))
    }

    /// Skips bytes that mean nothing in a string, eight at a time; up to seven of them are left.
    private mutating func skipPlain() {
        while self.position + 8 <= self.bytes.count {
            let word = self.bytes.loadUnaligned(fromByteOffset: self.position, as: UInt64.self)
            guard !Self.hasMeaning(word) else { return }
            self.position += 8
        }
    }

    /// Whether one of eight bytes is a quote, a backslash, or below 0x20. A byte is zero where a borrow reaches its highest bit,
    /// which was not set before; one that is wrongly taken for zero stands behind one that is.
    private static func hasMeaning(_ word: UInt64) -> Bool {
        let (ones, highest): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        func hasZero(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highest }
        let quote = hasZero(word ^ (ones &* UInt64(UInt8(ascii: "\""))))
        let backslash = hasZero(word ^ (ones &* UInt64(UInt8(ascii: "\\"))))
        let control = (word &- ones &* 0x20) & ~word & highest
        return quote | backslash | control != 0
    }

    private mutating func skipValue() throws(Failure) {
        switch self.peek {
        case UInt8(ascii: "\""):
            _ = try self.skipString()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try self.skipNested()
        default:
            let start = self.position
            while let byte = self.peek, !Self.endsScalar(byte) { self.position += 1 }
            guard self.position > start else { throw .malformed(offset: start) }
        }
    }

    /// Skips an object or array of any depth without recursion: a hostile server must not overflow the stack.
    private mutating func skipNested() throws(Failure) {
        var depth = 0
        while let byte = self.peek {
            switch byte {
            case UInt8(ascii: "\""):
                _ = try self.skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
            default:
                break
            }
            self.position += 1
            if depth == 0 { return }
        }
        throw .malformed(offset: self.bytes.count)
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte <= 0x20
            || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
            || byte == UInt8(ascii: ":")
    }
}
