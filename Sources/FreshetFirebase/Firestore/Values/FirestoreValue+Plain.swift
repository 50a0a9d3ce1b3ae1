// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore

/// As JSON that people read and write: `{"name":"Ada","born":{"timestampValue":"1815-12-10T00:00:00Z"}}`.
///
/// Null, booleans, integers, numbers with a fraction, texts, arrays and maps are JSON's own. What JSON has no kind for stands as in
/// the REST API: an object with one member, whose name is the kind. A map that would look like one stands so too.
extension FirestoreValue {
    private static let kinds: Set<String> = [
        "doubleValue", "timestampValue", "bytesValue", "referenceValue", "geoPointValue", "mapValue",
    ]

    private static func isMarked(_ names: some Collection<String>) -> Bool {
        names.count == 1 && names.allSatisfy { Self.kinds.contains($0) }
    }

    var plain: JSONValue {
        switch self {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .integer(let value): .integer(value)
        // JSON writes a whole one like an integer.
        case .double(let value) where value.isFinite && value != value.rounded(): .number(value)
        case .string(let value): .string(value)
        case .array(let values): .array(values.map(\.plain))
        case .map(let fields) where !Self.isMarked(fields.keys): .object(fields.mapValues(\.plain))
        default: self.marked
        }
    }

    private var marked: JSONValue {
        let json = try? JSONEncoder().encode(self)
        return json.flatMap { try? JSONDecoder().decode(JSONValue.self, from: $0) } ?? .null
    }

    /// - Throws: `.invalidInput` for what is marked as a kind, and is none.
    package init(plain: JSONValue) throws(FreshetError) {
        switch plain {
        case .null: self = .null
        case .bool(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let values):
            var list: [FirestoreValue] = []
            for value in values { list.append(try FirestoreValue(plain: value)) }
            self = .array(list)
        case .object(let members) where Self.isMarked(members.keys):
            let json = try? JSONEncoder().encode(plain)
            guard let value = json.flatMap({ try? JSONDecoder().decode(FirestoreValue.self, from: $0) }) else {
                throw FreshetError(
                    .invalidInput,
                    "this is no \(members.keys.first ?? "value") of Firestore",
                    hint: #"as in {"timestampValue":"2024-01-02T03:04:05Z"}, {"bytesValue":"AAEC"}"#
                )
            }
            self = value
        case .object(let members):
            var fields: [String: FirestoreValue] = [:]
            for (name, value) in members { fields[name] = try FirestoreValue(plain: value) }
            self = .map(fields)
        }
    }
}
