// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Parses what keys and cursors are made of, quickly: text and whole numbers are themselves, and everything else is its
    /// own text, white space and all.
    package init?(scalar json: Bytes) {
        guard json.count > 0 else { return nil }
        if json[0] == UInt8(ascii: "\""), json.count >= 2 {
            let inner = json[1..<json.count - 1]
            let isPlain = inner.withBytes { !$0.contains(UInt8(ascii: "\\")) }
            // A cursor is sent back: it must be the server's text, not the way in which that was written.
            self = .string(isPlain ? inner.text : Self.unescaped(inner.array) ?? json.text)
        } else if json.elementsEqual("null") {
            return nil
        } else {
            let text = json.text
            self = Int64(text).map { .integer($0) } ?? .string(text)
        }
    }

    /// The text without its escapes; nil where they are not JSON's.
    private static func unescaped(_ json: [UInt8]) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count)
        var rest = json[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "u"):
                guard let scalar = Self.scalar(&rest) else { return nil }
                bytes += Array(String(scalar).utf8)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case let byte? where [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(byte):
                bytes.append(byte)
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What stands behind `\u`: four digits, or a pair of surrogates.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard let unit = Self.unit(&rest) else { return nil }
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"), let low = Self.unit(&rest),
            case .scalarValue(let scalar) = Self.decoded([unit, low])
        else { return nil }
        return scalar
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt16? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else {
            return nil
        }
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func decoded(_ units: [UInt16]) -> UnicodeDecodingResult {
        var decoder = UTF16()
        var iterator = units.makeIterator()
        return decoder.decode(&iterator)
    }
}
