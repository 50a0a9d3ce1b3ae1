// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What differs between two JSON values, place by place, for a person to read: `.status.phase "Pending"→"Running"`.
enum JSONDifference {
    /// How many places are named; more are counted.
    static let limit = 8

    static func words(from old: JSONValue, to new: JSONValue) -> [String] {
        var words: [String] = []
        Self.compare(old, new, at: "", &words)
        guard words.count > Self.limit else { return words }
        return words.prefix(Self.limit) + ["+\(words.count - Self.limit) more"]
    }

    private static func compare(_ old: JSONValue?, _ new: JSONValue?, at path: String, _ words: inout [String]) {
        guard old != new else { return }
        switch (old, new) {
        case (.object(let old)?, .object(let new)?):
            for key in Set(old.keys).union(new.keys).sorted() {
                Self.compare(old[key], new[key], at: "\(path).\(key)", &words)
            }
        case (.array(let old)?, .array(let new)?):
            for index in 0..<max(old.count, new.count) {
                let (left, right) = (old.dropFirst(index).first, new.dropFirst(index).first)
                Self.compare(left, right, at: "\(path)[\(index)]", &words)
            }
        case (nil, let new?): words.append("+\(path) \(Self.short(new))")
        case (let old?, nil): words.append("-\(path) \(Self.short(old))")
        case (let old?, let new?): words.append("\(path.isEmpty ? "." : path) \(Self.short(old))→\(Self.short(new))")
        case (nil, nil): break
        }
    }

    private static func short(_ value: JSONValue) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
        let text = Format.printable(json)
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }
}
