// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// One or several kubeconfig files, as one: of what two of them say, the first one counts.
struct KubeConfig {
    /// A cluster, a user or a context, and the folder that its paths are relative to.
    struct Entry {
        let name: String
        let folder: String
        let fields: [String: JSONValue]

        /// A text; nil where there is none, or an empty one.
        func text(_ field: String) throws(FreshetError) -> String? {
            switch self.fields[field] {
            case nil, .null?, .string("")?: return nil
            case .string(let text)?: return text
            case .bool(let bool)?: return "\(bool)"
            default: throw FreshetError(.invalidInput, "the kubeconfig's \(field) of \(self.name) is no text")
            }
        }

        func isSet(_ field: String) -> Bool {
            self.fields[field] == .bool(true) || self.fields[field] == .string("true")
        }

        func path(_ field: String) throws(FreshetError) -> String? {
            try self.text(field).map { $0.hasPrefix("/") ? $0 : "\(self.folder)/\($0)" }
        }

        func object(_ field: String) -> [String: JSONValue]? {
            if case .object(let members)? = self.fields[field] { members } else { nil }
        }

        func list(_ field: String) -> [JSONValue] {
            if case .array(let items)? = self.fields[field] { items } else { [] }
        }
    }

    private(set) var currentContext: String?
    private(set) var clusters: [Entry] = []
    private(set) var users: [Entry] = []
    private(set) var contexts: [Entry] = []

    /// Reads files.
    ///
    /// - Parameter paths: the files; those that are not there are left out, unless none is.
    /// - Throws: `.invalidInput` for a file that is no kubeconfig, naming the line.
    init(files paths: [String]) throws(FreshetError) {
        var found = false
        for path in paths {
            guard let data = try? Data(contentsOf: URL(filePath: path)) else { continue }
            found = true
            try self.add(String(decoding: data, as: UTF8.self), path: path)
        }
        guard found else {
            throw FreshetError(
                .invalidInput,
                "there is no kubeconfig, or it cannot be read: \(paths.joined(separator: ", "))",
                hint: "set KUBECONFIG, or name the file"
            )
        }
    }

    init(_ text: String, path: String) throws(FreshetError) {
        try self.add(text, path: path)
    }

    private mutating func add(_ text: String, path: String) throws(FreshetError) {
        guard text.utf8.count <= 16 << 20 else { throw FreshetError(.invalidInput, "\(path) is larger than 16 MiB") }
        let value = try YAMLParser.parse(text, file: path)
        if value == .null { return }
        guard case .object(let members) = value else { throw FreshetError(.invalidInput, "\(path) is no kubeconfig") }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        if self.currentContext == nil, let name = members["current-context"]?.text, !name.isEmpty {
            self.currentContext = name
        }
        self.clusters += try Self.entries(members, "clusters", "cluster", folder, path)
        self.users += try Self.entries(members, "users", "user", folder, path)
        self.contexts += try Self.entries(members, "contexts", "context", folder, path)
    }

    private static func entries(
        _ members: [String: JSONValue],
        _ plural: String,
        _ singular: String,
        _ folder: String,
        _ path: String
    ) throws(FreshetError) -> [Entry] {
        switch members[plural] {
        case nil, .null?: return []
        case .array(let items)?:
            var entries: [Entry] = []
            for item in items {
                guard case .object(let entry) = item, let name = entry["name"]?.text else {
                    throw FreshetError(.invalidInput, "\(path): an entry of \(plural) has no name")
                }
                var fields: [String: JSONValue] = [:]
                if case .object(let given)? = entry[singular] { fields = given }
                entries.append(Entry(name: name, folder: folder, fields: fields))
            }
            return entries
        default: throw FreshetError(.invalidInput, "\(path): \(plural) is no list")
        }
    }

    /// The first of a name.
    static func find(_ name: String?, in entries: [Entry], _ what: String) throws(FreshetError) -> Entry {
        guard let name else {
            throw FreshetError(
                .invalidInput,
                "the kubeconfig names no \(what)",
                hint: what == "current context" ? "name one: \(Self.names(entries))" : nil
            )
        }
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw FreshetError(
                .invalidInput,
                "the kubeconfig has no \(what) named \(name.prefix(80))",
                hint: "there are: \(Self.names(entries))"
            )
        }
        return entry
    }

    private static func names(_ entries: [Entry]) -> String {
        entries.isEmpty ? "none" : entries.prefix(20).map(\.name).joined(separator: ", ")
    }
}
