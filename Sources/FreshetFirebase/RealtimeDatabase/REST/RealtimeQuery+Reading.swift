// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension RealtimeQuery {
    /// Reads what ``json`` has written; what is not there is the default.
    init(reading json: JSONValue) {
        guard case .object(let members) = json else { return }
        switch members["i"] {
        case ".key"?: self.order = .key
        case ".value"?: self.order = .value
        case .string(let path)?: self.order = .child(path)
        default: break
        }
        if let value = members["sp"] { self.start = Bound(value, isInclusive: members["sin"] != .bool(false)) }
        if let value = members["ep"] { self.end = Bound(value, isInclusive: members["ein"] != .bool(false)) }
        if case .integer(let count)? = members["l"] {
            self.limit = Limit(Int(count), isFromEnd: members["vf"] == "r")
        }
    }
}
