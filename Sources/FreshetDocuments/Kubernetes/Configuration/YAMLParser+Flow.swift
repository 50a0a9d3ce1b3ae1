// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// `{}`, `[]` and quoted text.
extension YAMLParser {
    mutating func flow(_ cursor: inout ArraySlice<UInt8>, _ number: Int) throws(FreshetError) -> JSONValue {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.deepest else { throw self.error("this is nested too deeply", number) }
        Self.skipSpace(&cursor)
        switch cursor.first {
        case UInt8(ascii: "{"): return try self.flowMapping(&cursor, number)
        case UInt8(ascii: "["): return try self.flowSequence(&cursor, number)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard let text = try self.quoted(&cursor, number) else { throw self.error("a quote is not closed", number) }
            return .string(text)
        case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"):
            throw self.error("anchors, aliases, tags and the like are not read", number)
        case nil: throw self.error("a bracket is not closed", number)
        default: return Self.plain(Self.flowPlain(&cursor))
        }
    }

    /// White space, line breaks and comments.
    private static func skipSpace(_ cursor: inout ArraySlice<UInt8>) {
        while let byte = cursor.first {
            if byte == UInt8(ascii: "#") {
                cursor = cursor.drop { $0 != 0x0A }
            } else if byte <= 0x20 {
                cursor = cursor.dropFirst()
            } else {
                return
            }
        }
    }

    /// Up to what ends a plain scalar in brackets.
    private static func flowPlain(_ cursor: inout ArraySlice<UInt8>) -> String {
        let begin = cursor
        while let byte = cursor.first, !",]}\n".utf8.contains(byte) {
            if byte == UInt8(ascii: ":") {
                let behind = cursor.dropFirst().first ?? 0x20
                if behind <= 0x20 || ",]}".utf8.contains(behind) { break }
            }
            cursor = cursor.dropFirst()
        }
        return String(decoding: begin[..<cursor.startIndex], as: UTF8.self).trimmed
    }

    private mutating func flowSequence(_ cursor: inout ArraySlice<UInt8>, _ number: Int) throws(FreshetError)
        -> JSONValue
    {
        var items: [JSONValue] = []
        cursor = cursor.dropFirst()
        while try !self.ends(&cursor, UInt8(ascii: "]"), number) {
            items.append(try self.flow(&cursor, number))
            try self.endItem(&cursor, UInt8(ascii: "]"), number)
        }
        return .array(items)
    }

    private mutating func flowMapping(_ cursor: inout ArraySlice<UInt8>, _ number: Int) throws(FreshetError)
        -> JSONValue
    {
        var members: [String: JSONValue] = [:]
        cursor = cursor.dropFirst()
        while try !self.ends(&cursor, UInt8(ascii: "}"), number) {
            let key: String
            if cursor.first == UInt8(ascii: "\"") || cursor.first == UInt8(ascii: "'") {
                guard let text = try self.quoted(&cursor, number) else {
                    throw self.error("a quote is not closed", number)
                }
                key = text
            } else {
                key = Self.flowPlain(&cursor)
            }
            Self.skipSpace(&cursor)
            guard cursor.first == UInt8(ascii: ":"), members[key] == nil else {
                throw self.error("\(key.prefix(80)) has no value, or is there twice", number)
            }
            cursor = cursor.dropFirst()
            members[key] = try self.flow(&cursor, number)
            try self.endItem(&cursor, UInt8(ascii: "}"), number)
        }
        return .object(members)
    }

    private func ends(_ cursor: inout ArraySlice<UInt8>, _ closing: UInt8, _ number: Int) throws(FreshetError) -> Bool {
        Self.skipSpace(&cursor)
        guard let byte = cursor.first else { throw self.error("a bracket is not closed", number) }
        guard byte == closing else { return false }
        cursor = cursor.dropFirst()
        return true
    }

    private func endItem(_ cursor: inout ArraySlice<UInt8>, _ closing: UInt8, _ number: Int) throws(FreshetError) {
        Self.skipSpace(&cursor)
        if cursor.first == UInt8(ascii: ",") {
            cursor = cursor.dropFirst()
        } else if cursor.first != closing {
            throw self.error("a comma or a closing bracket is missing", number)
        }
    }

    // MARK: - Quotes

    private func quoted(_ cursor: inout ArraySlice<UInt8>, _ number: Int) throws(FreshetError) -> String? {
        guard let quote = cursor.popFirst() else { return nil }
        return try self.quoted(&cursor, quote, number)
    }

    /// Text behind an opening quote; nil where there is no closing one.
    func quoted(_ cursor: inout ArraySlice<UInt8>, _ quote: UInt8, _ number: Int) throws(FreshetError) -> String? {
        var bytes: [UInt8] = []
        while let byte = cursor.popFirst() {
            if byte == quote {
                guard quote == UInt8(ascii: "'"), cursor.first == quote else {
                    return String(decoding: bytes, as: UTF8.self)
                }
                cursor = cursor.dropFirst()
                bytes.append(quote)
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                bytes += Array(try self.escape(&cursor, number).utf8)
            } else if byte == 0x0A {
                // Lines are folded.
                while bytes.last == 0x20 { bytes.removeLast() }
                bytes.append(0x20)
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }

    private func escape(_ cursor: inout ArraySlice<UInt8>, _ number: Int) throws(FreshetError) -> String {
        switch cursor.popFirst() {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "0"): return "\0"
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: " "): return " "
        case 0x0A: return ""
        case UInt8(ascii: "x"): return try self.scalar(&cursor, digits: 2, number)
        case UInt8(ascii: "u"): return try self.scalar(&cursor, digits: 4, number)
        case UInt8(ascii: "U"): return try self.scalar(&cursor, digits: 8, number)
        default: throw self.error("this escape is not read", number)
        }
    }

    private func scalar(_ cursor: inout ArraySlice<UInt8>, digits: Int, _ number: Int) throws(FreshetError) -> String {
        var code = try self.code(&cursor, digits, number)
        // JSON writes what is beyond 16 bits as two.
        if (0xD800..<0xDC00).contains(code), cursor.starts(with: "\\u".utf8) {
            cursor = cursor.dropFirst(2)
            let low = try self.code(&cursor, 4, number)
            guard (0xDC00..<0xE000).contains(low) else { throw self.error("this is no letter of Unicode", number) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw self.error("this is no letter of Unicode", number) }
        return String(Character(scalar))
    }

    private func code(_ cursor: inout ArraySlice<UInt8>, _ digits: Int, _ number: Int) throws(FreshetError) -> UInt32 {
        let text = String(decoding: cursor.prefix(digits), as: UTF8.self)
        guard text.utf8.count == digits, let code = UInt32(text, radix: 16) else {
            throw self.error("an escape has too few digits", number)
        }
        cursor = cursor.dropFirst(digits)
        return code
    }
}
