// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// Merge patches (RFC 7396).
enum JSONPatch {
    /// What a value is in JSON.
    static func json(of value: some Encodable) throws(FreshetError) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        } catch {
            throw FreshetError(.invalidInput, "a \(type(of: value)) cannot be written as JSON")
        }
    }

    /// Members that are null go, objects are merged, and everything else takes the place of what was there.
    static func apply(_ patch: JSONValue, to value: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = if case .object(let members) = value { members } else { [:] }
        for (name, change) in changes {
            members[name] = change == .null ? nil : self.apply(change, to: members[name] ?? .null)
        }
        return .object(members)
    }
}
