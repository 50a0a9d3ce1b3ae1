// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What stands behind a key or a dash.
extension YAMLParser {
    /// A value that begins on the next line with `text`; lines that are indented more than `indent` may belong to it.
    mutating func scalar(_ text: ArraySlice<UInt8>, above indent: Int) throws(FreshetError) -> JSONValue {
        let line = self.lines[self.next]
        switch text.first {
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            self.next += 1
            return .string(try self.blockScalar(header: text, above: indent, line.number))
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "'"):
            var cursor = self.joined(text)
            let value = try self.flow(&cursor, line.number)
            cursor = cursor.drop { $0 == 0x20 || $0 == 0x0A }
            guard cursor.isEmpty || cursor.first == UInt8(ascii: "#") else {
                throw self.error("something stands behind the end of a value", line.number)
            }
            return value
        case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "`"),
            UInt8(ascii: "%"):
            throw self.error("anchors, aliases, tags and the like are not read", line.number)
        default:
            self.next += 1
            var words = [Self.withoutComment(text)]
            while self.next < self.lines.count, self.lines[self.next].indent > indent, !self.lines[self.next].isBlank {
                let more = self.lines[self.next]
                guard try self.key(of: more) == nil else {
                    throw self.error("this belongs to no map: the line above it has a value already", more.number)
                }
                words.append(Self.withoutComment(more.text))
                self.next += 1
            }
            return Self.plain(words.joined(separator: " "))
        }
    }

    private static func withoutComment(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: Self.comment(in: text).map { text[..<$0] } ?? text, as: UTF8.self).trimmed
    }

    static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .bool(true)
        case "false", "False", "FALSE": .bool(false)
        default: .string(text)
        }
    }

    /// Text that keeps its lines (`|`), or folds them (`>`).
    private mutating func blockScalar(
        header: ArraySlice<UInt8>,
        above indent: Int,
        _ number: Int
    ) throws(FreshetError) -> String {
        let marks = Self.withoutComment(header.dropFirst())
        guard marks.utf8.count <= 2, marks.allSatisfy({ $0 == "-" || $0 == "+" || ("1"..."9").contains($0) }) else {
            throw self.error("this is no beginning of a block of text", number)
        }
        var column = marks.compactMap(\.wholeNumberValue).first.map { max(indent, 0) + $0 }
        var texts: [String] = []
        while self.next < self.lines.count {
            let line = self.lines[self.next]
            if line.whole.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
                texts.append("")
            } else {
                guard line.indent > indent, line.indent >= column ?? 0 else { break }
                column = column ?? line.indent
                texts.append(String(decoding: line.whole.dropFirst(column ?? 0), as: UTF8.self))
            }
            self.next += 1
        }
        let kept = marks.contains("+") ? texts.reversed().prefix { $0.isEmpty }.count : 0
        while texts.last == "" { texts.removeLast() }
        guard !texts.isEmpty else { return "" }
        let text = header.first == UInt8(ascii: "|") ? texts.joined(separator: "\n") : Self.folded(texts)
        return text + (marks.contains("-") ? "" : "\n") + String(repeating: "\n", count: kept)
    }

    private static func folded(_ texts: [String]) -> String {
        var all = ""
        var isAfterBreak = true
        for text in texts {
            if text.isEmpty { all += "\n" } else { all += (isAfterBreak ? "" : " ") + text }
            isAfterBreak = text.isEmpty
        }
        return all
    }

    /// A flow value with the lines below it that it goes on to: until its brackets and quotes are closed. They are taken.
    private mutating func joined(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var all = Array(text)
        var open = Openness()
        open.take(text)
        self.next += 1
        while !open.isClosed, self.next < self.lines.count {
            all.append(0x0A)
            all += self.lines[self.next].text
            open.take(self.lines[self.next].text)
            self.next += 1
        }
        return all[...]
    }

    /// How many brackets and quotes are open after some lines.
    private struct Openness {
        private var depth = 0
        private var quote: UInt8?
        private var isEscaped = false

        var isClosed: Bool { self.depth <= 0 && self.quote == nil }

        mutating func take(_ line: ArraySlice<UInt8>) {
            var last: UInt8 = 0x20
            for byte in line {
                defer { last = byte }
                if let quote = self.quote {
                    if self.isEscaped {
                        self.isEscaped = false
                    } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                        self.isEscaped = true
                    } else if byte == quote {
                        self.quote = nil
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"): self.quote = byte
                case UInt8(ascii: "{"), UInt8(ascii: "["): self.depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): self.depth -= 1
                case UInt8(ascii: "#") where last <= 0x20: return
                default: break
                }
            }
            self.isEscaped = false
        }
    }
}
