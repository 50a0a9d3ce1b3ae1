// SPDX-License-Identifier: Apache-2.0

extension GraphQLLexer {
    /// The string at the position, without its escapes (GraphQL specification, October 2021, 2.9.4).
    func unescaped() throws(GraphQLDocument.Failure) -> String {
        var rest = self.text[self.range]
        guard rest.contains(UInt8(ascii: "\\")) else { return String(decoding: rest, as: UTF8.self) }
        // A block knows one escape: that of its own end.
        guard self.range.lowerBound - self.start == 1 else {
            return String(decoding: rest, as: UTF8.self).replacing("\\\"\"\"", with: "\"\"\"")
        }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            let offset = rest.startIndex - 1
            guard let text = Self.escaped(&rest) else { throw self.failure("Invalid escape in a string.", at: offset) }
            bytes += text.utf8
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard let byte = rest.popFirst() else { return nil }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Self.scalar(&rest).map { String($0) }
        default: return nil
        }
    }

    /// Four digits, a pair of surrogates, or digits in braces, as newer documents have them.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        if rest.first == UInt8(ascii: "{") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
            let digits = rest[(rest.startIndex + 1)..<end]
            rest = rest[(end + 1)...]
            return Self.number(digits).flatMap { Unicode.Scalar($0) }
        }
        guard let unit = Self.unit(&rest) else { return nil }
        guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
        guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"), let low = Self.unit(&rest),
            (0xDC00..<0xE000).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return digits.count == 4 ? Self.number(digits) : nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
