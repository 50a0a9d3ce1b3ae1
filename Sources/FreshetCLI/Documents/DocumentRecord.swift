// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetDocuments

/// What goes to stdout for a change of a document, or for a document.
struct DocumentRecord {
    let format: OutputFormat
    let source: String
    let color: Bool

    init(_ renderer: Renderer) {
        (self.format, self.source, self.color) = (renderer.format, renderer.source, renderer.color)
    }

    /// One record, newline and all; nil for what this format does not print.
    func bytes(_ change: DocumentChange<Bytes>, at now: Date) -> [UInt8]? {
        switch self.format {
        case .raw: return change.document.map { $0.value.array + [0x0A] }
        case .jsonl: return self.object(change, at: now) + [0x0A]
        case .json: return JSONText.escapingControls(JSONText.indented(self.object(change, at: now))) + [0x0A]
        case .auto, .log: return Array("\(self.line(change, at: now))\n".utf8)
        }
    }

    private func object(_ change: DocumentChange<Bytes>, at now: Date) -> [UInt8] {
        let previous = change.previous.map { Format.quoted($0.version) } ?? "null"
        let head =
            #"{"v":1,"kind":"data","ts":"\#(Format.instant(now))","src":\#(Format.quoted(self.source)),"#
            + #""op":"\#(Self.operation(change))","key":\#(Format.quoted(change.key)),"#
            + #""version":\#(Format.quoted(change.version)),"prev_version":\#(previous),"#
        return Array(head.utf8) + Self.data(change.document?.value) + Array("}".utf8)
    }

    /// `"data":…` where the value is JSON; otherwise it is null, and the value beside it as text or in base 64.
    static func data(_ value: Bytes?) -> [UInt8] {
        guard let value else { return Array(#""data":null"#.utf8) }
        if Self.json(value) != nil { return Array(#""data":"#.utf8) + JSONText.compact(value.array) }
        if let text = String(validating: value.array, as: UTF8.self) {
            return Array(#""data":null,"text":\#(Format.quoted(text))"#.utf8)
        }
        return Array(#""data":null,"base64":"\#(Data(value.array).base64EncodedString())""#.utf8)
    }

    static func json(_ value: Bytes) -> JSONValue? {
        try? JSONDecoder().decode(JSONValue.self, from: Data(value.array))
    }

    private func line(_ change: DocumentChange<Bytes>, at now: Date) -> String {
        let operation = Self.operation(change).uppercased()
        let head =
            "\(self.paint(Format.time(now), "2")) \(self.paint(operation, Self.colour(change))) "
            + "\(Format.printable(change.key)) v\(Format.printable(change.version))"
        switch change {
        case .removed: return head
        case .added(let document): return "\(head) \(Self.shown(document.value))"
        case .modified(let document, let previous):
            guard let previous, let old = Self.json(previous.value), let new = Self.json(document.value) else {
                return "\(head) \(Self.shown(document.value))"
            }
            return ([head] + JSONDifference.words(from: old, to: new)).joined(separator: " ")
        }
    }

    /// A value on one line: JSON in its shortest form, text, or how many bytes there are.
    static func shown(_ value: Bytes) -> String {
        if Self.json(value) != nil {
            return String(decoding: JSONText.escapingControls(JSONText.compact(value.array)), as: UTF8.self)
        }
        guard let text = String(validating: value.array, as: UTF8.self) else { return "(\(value.count) bytes)" }
        return Format.quoted(Format.printable(text))
    }

    private static func operation(_ change: DocumentChange<Bytes>) -> String {
        switch change {
        case .added: "added"
        case .modified: "modified"
        case .removed: "removed"
        }
    }

    private static func colour(_ change: DocumentChange<Bytes>) -> String {
        switch change {
        case .added: "32"
        case .modified: "33"
        case .removed: "31"
        }
    }

    private func paint(_ text: String, _ code: String) -> String {
        self.color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
