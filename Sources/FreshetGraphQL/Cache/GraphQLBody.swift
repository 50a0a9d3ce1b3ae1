// SPDX-License-Identifier: Apache-2.0

/// How an object is stored, in as few bytes as can be:
///
/// ```
/// body   the type's number, then fields up to the end
/// field  its number (0: the storage key's length and text follow), a value
/// value  scalar     length * 4 + 0, the JSON text as it came (of custom scalars also objects and arrays)
///        reference  length * 4 + 1, the key of another object
///        object     2, length in four bytes, a body: of an object without a key
///        list       3, length in four bytes, values up to the end
/// ```
///
/// Numbers and the lengths of scalars and references are in groups of seven bits, the lowest first.
enum GraphQLBody {
    enum Kind: UInt8 {
        case scalar, reference, object, list
    }

    struct Value {
        let kind: Kind
        /// With its head.
        let whole: Range<Int>
        let contents: Range<Int>
    }

    struct Field {
        let number: UInt32
        /// The storage key, where there is no number.
        let text: Range<Int>
        let value: Value
        let whole: Range<Int>
    }

    /// The number at the position, which goes behind it.
    @inline(__always)
    static func number(_ bytes: [UInt8], _ position: inout Int) -> Int {
        let first = bytes[position]
        position += 1
        if first < 0x80 { return Int(first) }
        var number = Int(first & 0x7F)
        var shift = 7
        while true {
            let byte = bytes[position]
            position += 1
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
    }

    @inline(__always)
    static func append(_ number: Int, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    static func append(_ kind: Kind, count: Int, to bytes: inout [UInt8]) {
        Self.append(count << 2 | Int(kind.rawValue), to: &bytes)
    }

    /// Begins an object or a list, whose length is not known yet.
    static func begin(_ kind: Kind, in bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        for _ in 0..<4 { bytes.append(0) }
    }

    /// Ends what begins at `start`.
    static func end(at start: Int, in bytes: inout [UInt8]) {
        var length = UInt32(truncatingIfNeeded: bytes.count - start - 5)
        for offset in 1...4 {
            bytes[start + offset] = UInt8(truncatingIfNeeded: length)
            length >>= 8
        }
    }

    /// The value at the position, which goes behind it.
    @inline(__always)
    static func value(_ bytes: [UInt8], _ position: inout Int) -> Value {
        let start = position
        let kind = Kind(rawValue: bytes[position] & 3) ?? .scalar
        let count: Int
        if kind == .scalar || kind == .reference {
            count = Self.number(bytes, &position) >> 2
        } else {
            count = (1...4).reversed().reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
            position += 5
        }
        let contents = position..<position + count
        position += count
        return Value(kind: kind, whole: start..<position, contents: contents)
    }

    /// The field at the position, which goes behind it.
    @inline(__always)
    static func field(_ bytes: [UInt8], _ position: inout Int) -> Field {
        let start = position
        let number = UInt32(truncatingIfNeeded: Self.number(bytes, &position))
        var text = position..<position
        if number == 0 {
            let count = Self.number(bytes, &position)
            text = position..<position + count
            position += count
        }
        let value = Self.value(bytes, &position)
        return Field(number: number, text: text, value: value, whole: start..<position)
    }

    /// The field with this number, or this storage key, among those of a body; looked for from `position` on, and then
    /// from the first.
    @inline(__always)
    static func find(
        _ number: UInt32,
        _ text: [UInt8],
        _ textRange: Range<Int>,
        in bytes: [UInt8],
        _ fields: Range<Int>,
        from position: inout Int
    ) -> Field? {
        let begin = position
        if let field = Self.scan(number, text, textRange, bytes, &position, fields.upperBound) { return field }
        position = fields.lowerBound
        return Self.scan(number, text, textRange, bytes, &position, begin)
    }

    @inline(__always)
    private static func scan(
        _ number: UInt32,
        _ text: [UInt8],
        _ textRange: Range<Int>,
        _ bytes: [UInt8],
        _ position: inout Int,
        _ end: Int
    ) -> Field? {
        while position < end {
            let field = Self.field(bytes, &position)
            if field.number == number, number != 0 || Self.isSame(bytes, field.text, text, textRange) { return field }
        }
        return nil
    }

    static func isSame(_ left: [UInt8], _ leftRange: Range<Int>, _ right: [UInt8], _ rightRange: Range<Int>) -> Bool {
        guard leftRange.count == rightRange.count else { return false }
        return left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                let offset = rightRange.lowerBound - leftRange.lowerBound
                for index in leftRange where left[index] != right[index + offset] { return false }
                return true
            }
        }
    }
}
