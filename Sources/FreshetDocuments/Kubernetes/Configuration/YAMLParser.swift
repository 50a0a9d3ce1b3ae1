// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The part of YAML that kubeconfigs are made of: block maps and sequences, scalars plain, quoted, and in blocks (`|`, `>`),
/// comments, and `{}` and `[]` of any depth, so all of JSON too. Anchors, aliases, tags and several documents are refused.
///
/// Scalars are texts, but for null, true and false: what is a number to YAML may be a token here.
struct YAMLParser {
    struct Line {
        let number: Int
        /// The column of `text`.
        var indent: Int
        /// Without spaces before and behind.
        var text: ArraySlice<UInt8>
        /// As it stands, for block scalars.
        let whole: ArraySlice<UInt8>

        var isBlank: Bool { self.text.isEmpty || self.text.first == UInt8(ascii: "#") }
    }

    static let deepest = 64

    let file: String
    var lines: [Line] = []
    var next = 0
    var depth = 0

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - text: what is in it.
    ///   - file: its name, for errors.
    /// - Returns: the value; null where there is nothing.
    /// - Throws: `.invalidInput` with file and line.
    static func parse(_ text: String, file: String) throws(FreshetError) -> JSONValue {
        var parser = YAMLParser(file: file)
        try parser.split(text)
        guard let first = parser.peek() else { return .null }
        let value = try parser.block(first.indent)
        if let line = parser.peek() { throw parser.error("this belongs to nothing above it", line.number) }
        return value
    }

    private init(file: String) {
        self.file = file
    }

    func error(_ what: String, _ line: Int) -> FreshetError {
        FreshetError(.invalidInput, "\(self.file), line \(line): \(what)")
    }

    // MARK: - Lines

    private mutating func split(_ text: String) throws(FreshetError) {
        var number = 0
        for line in Array(text.utf8).split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            var whole = line
            if number == 1, whole.starts(with: [0xEF, 0xBB, 0xBF]) { whole = whole.dropFirst(3) }
            if whole.last == 0x0D { whole = whole.dropLast() }
            if whole.starts(with: "---".utf8) || whole.starts(with: "...".utf8) || whole.first == UInt8(ascii: "%") {
                let isBegin = whole.dropFirst(3).allSatisfy { $0 == 0x20 } || whole.first == UInt8(ascii: "%")
                guard isBegin, self.lines.allSatisfy(\.isBlank) else {
                    throw self.error("only one document, which begins on a line of its own, is read", number)
                }
                continue
            }
            let indent = whole.prefix { $0 == 0x20 }.count
            var text = whole.dropFirst(indent)
            while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
            self.lines.append(Line(number: number, indent: indent, text: text, whole: whole))
        }
    }

    /// The next line with something on it.
    mutating func peek() -> Line? {
        while self.next < self.lines.count, self.lines[self.next].isBlank { self.next += 1 }
        return self.next < self.lines.count ? self.lines[self.next] : nil
    }

    // MARK: - Blocks

    /// A value that begins at the next line.
    private mutating func block(_ indent: Int) throws(FreshetError) -> JSONValue {
        guard let line = self.peek() else { return .null }
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.deepest else { throw self.error("this is nested too deeply", line.number) }
        if Self.isItem(line.text) { return try self.sequence(indent) }
        if try self.key(of: line) != nil { return try self.mapping(indent) }
        return try self.scalar(line.text, above: indent - 1)
    }

    private static func isItem(_ text: ArraySlice<UInt8>) -> Bool {
        text.first == UInt8(ascii: "-") && (text.count == 1 || text.dropFirst().first == 0x20)
    }

    private mutating func sequence(_ indent: Int) throws(FreshetError) -> JSONValue {
        var items: [JSONValue] = []
        while let line = self.peek(), line.indent == indent, Self.isItem(line.text) {
            let rest = line.text.dropFirst()
            let spaces = rest.prefix { $0 == 0x20 }.count
            if rest.allSatisfy({ $0 == 0x20 }) || rest.dropFirst(spaces).first == UInt8(ascii: "#") {
                self.next += 1
                items.append(try self.nested(below: indent))
            } else {
                // What stands behind the dash is a block of its own, at its own column.
                self.lines[self.next].indent = indent + 1 + spaces
                self.lines[self.next].text = rest.dropFirst(spaces)
                items.append(try self.block(indent + 1 + spaces))
            }
        }
        return .array(items)
    }

    private mutating func mapping(_ indent: Int) throws(FreshetError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        while let line = self.peek(), line.indent == indent, !Self.isItem(line.text) {
            guard let (key, rest) = try self.key(of: line) else {
                throw self.error("this is no \"key: value\"", line.number)
            }
            guard members[key] == nil else { throw self.error("\(key.prefix(80)) is there twice", line.number) }
            if rest.isEmpty || rest.first == UInt8(ascii: "#") {
                self.next += 1
                members[key] = try self.valueBelow(indent)
            } else {
                members[key] = try self.scalar(rest, above: indent)
            }
        }
        if let line = self.peek(), line.indent > indent { throw self.error("this is indented too far", line.number) }
        return .object(members)
    }

    /// A sequence may stand at the same column as its key.
    private mutating func valueBelow(_ indent: Int) throws(FreshetError) -> JSONValue {
        if let line = self.peek(), line.indent == indent, Self.isItem(line.text) { return try self.sequence(indent) }
        return try self.nested(below: indent)
    }

    private mutating func nested(below indent: Int) throws(FreshetError) -> JSONValue {
        guard let line = self.peek(), line.indent > indent else { return .null }
        return try self.block(line.indent)
    }

    /// The key that a line begins with, and what stands behind its colon.
    func key(of line: Line) throws(FreshetError) -> (String, rest: ArraySlice<UInt8>)? {
        let text = line.text
        guard let first = text.first else { return nil }
        if first == 0x09 { throw self.error("a tab is no indentation", line.number) }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            var cursor = text.dropFirst()
            guard let key = try self.quoted(&cursor, first, line.number) else { return nil }
            cursor = cursor.drop { $0 == 0x20 }
            guard cursor.first == UInt8(ascii: ":"), Self.endsKey(cursor.dropFirst()) else { return nil }
            return (key, cursor.dropFirst().drop { $0 == 0x20 })
        }
        guard first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else { return nil }
        guard first != UInt8(ascii: "?") || text.dropFirst().first != 0x20 else {
            throw self.error("keys with a ? are not read", line.number)
        }
        var rest = text
        while let place = rest.firstIndex(of: UInt8(ascii: ":")) {
            let behind = text[(place + 1)...]
            if Self.endsKey(behind) {
                let key = text[..<place]
                // A comment's colon is none.
                if Self.comment(in: key) != nil { return nil }
                return (String(decoding: key, as: UTF8.self).trimmed, behind.drop { $0 == 0x20 || $0 == 0x09 })
            }
            rest = behind
        }
        return nil
    }

    private static func endsKey(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first.map { $0 == 0x20 || $0 == 0x09 } ?? true
    }

    /// Where a comment begins: a `#` after a space.
    static func comment(in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>.Index? {
        text.indices.first { place in
            text[place] == UInt8(ascii: "#")
                && (place == text.startIndex || text[place - 1] == 0x20 || text[place - 1] == 0x09)
        }
    }
}

extension String {
    /// Without spaces behind.
    var trimmed: String {
        var text = self[...]
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
