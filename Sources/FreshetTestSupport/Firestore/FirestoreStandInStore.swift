// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The documents of a stand-in, and all that has happened to them.
struct FirestoreStandInStore: Sendable {
    struct Document: Sendable {
        let name: String
        let fields: JSONValue
        let created: Int
        /// As it is said: to many, and often.
        let text: String

        init(name: String, fields: JSONValue, created: Int, updated: Int) {
            self.name = name
            self.fields = fields
            self.created = created
            self.text = FirestoreStandInSession.text([
                "name": .string(name), "fields": fields,
                "createTime": .string(FirestoreStandInStore.time(created)),
                "updateTime": .string(FirestoreStandInStore.time(updated)),
            ])
        }
    }

    static let root = "projects/demo/databases/(default)/documents"

    /// The moment; each write is one of its own.
    private(set) var now = 1
    private(set) var documents: [String: Document] = [:]
    /// What each write has changed: before and after.
    private(set) var history: [(moment: Int, name: String, before: Document?, after: Document?)] = []
    /// What was before this moment is not known any more.
    private(set) var forgotten = 0
    /// How many changes are kept; nil: all.
    private let room: Int?

    init(room: Int? = nil) { self.room = room }

    static func time(_ moment: Int) -> String {
        let seconds = moment / 1000
        func padded(_ value: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(width - String(value).count, 0)) + String(value)
        }
        let fraction = moment % 1000 == 0 ? "" : ".\(padded(moment % 1000, 3))"
        return "2024-01-02T\(padded(seconds / 3600 % 24, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + "\(fraction)Z"
    }

    /// Writes a document, or deletes it.
    mutating func write(_ path: String, _ fields: JSONValue?) {
        self.now += 1
        let name = "\(Self.root)/\(path)"
        let before = self.documents[name]
        let after = fields.map {
            Document(name: name, fields: $0, created: before?.created ?? self.now, updated: self.now)
        }
        self.documents[name] = after
        self.history.append((self.now, name, before, after))
        guard let room, self.history.count > room * 2 else { return }
        self.forgotten = self.history[room - 1].moment
        self.history.removeFirst(room)
    }

    mutating func pass() { self.now += 1 }

    func documents(of target: JSONValue) -> [Document] {
        self.documents.values.filter { Self.matches($0, target) }.sorted { $0.name < $1.name }
    }

    static func matches(_ document: Document?, _ target: JSONValue) -> Bool {
        guard let document else { return false }
        if case .array(let names)? = target["documents"]?["documents"] { return names.contains(.string(document.name)) }
        guard case .string(let parent)? = target["query"]?["parent"], let query = target["query"]?["structuredQuery"],
            case .array(let from)? = query["from"], case .string(let collection)? = from.first?["collectionId"],
            document.name.hasPrefix("\(parent)/\(collection)/"),
            !document.name.dropFirst(parent.count + collection.count + 2).contains("/")
        else { return false }
        return query["where"].map { Self.passes(document, $0) } ?? true
    }

    /// Only as much as tests need: comparing whole numbers, all of them.
    private static func passes(_ document: Document, _ filter: JSONValue) -> Bool {
        if case .array(let filters)? = filter["compositeFilter"]?["filters"] {
            return filters.allSatisfy { Self.passes(document, $0) }
        }
        guard let field = filter["fieldFilter"], case .string(let path)? = field["field"]?["fieldPath"],
            case .string(let compare)? = field["op"], let right = Self.number(field["value"]),
            let left = Self.number(document.fields[path])
        else { return false }
        switch compare {
        case "EQUAL": return left == right
        case "LESS_THAN": return left < right
        case "GREATER_THAN_OR_EQUAL": return left >= right
        default: return false
        }
    }

    private static func number(_ value: JSONValue?) -> Int? {
        guard case .string(let text)? = value?["integerValue"] else { return nil }
        return Int(text)
    }
}

extension JSONValue {
    subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }
}
