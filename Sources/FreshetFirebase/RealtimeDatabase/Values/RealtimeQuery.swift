// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetHTTP

/// Which children of a place, and in which order.
package struct RealtimeQuery: Sendable, Hashable {
    package struct Bound: Sendable, Hashable {
        package let value: JSONValue
        package let isInclusive: Bool

        package init(_ value: JSONValue, isInclusive: Bool) {
            self.value = value
            self.isInclusive = isInclusive
        }
    }

    package struct Limit: Sendable, Hashable {
        package let count: Int
        package let isFromEnd: Bool

        package init(_ count: Int, isFromEnd: Bool) {
            self.count = count
            self.isFromEnd = isFromEnd
        }
    }

    package var order = RealtimeOrder.priority
    package var start: Bound?
    package var end: Bound?
    package var limit: Limit?

    package init() {}

    /// Whether it is everything, in the order that the server has it in.
    package var isDefault: Bool { self == RealtimeQuery() }

    /// What the server is told over the WebSocket.
    package var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if self.order != .priority { members["i"] = .string(self.order.name) }
        if let start = self.start { (members["sp"], members["sin"]) = (start.value, .bool(start.isInclusive)) }
        if let end = self.end { (members["ep"], members["ein"]) = (end.value, .bool(end.isInclusive)) }
        if let limit = self.limit {
            (members["l"], members["vf"]) = (.integer(Int64(limit.count)), limit.isFromEnd ? "r" : "l")
        }
        return .object(members)
    }

    /// What the server is told over HTTP; every value is JSON.
    package var parameters: HTTPQuery {
        guard !self.isDefault else { return [:] }
        var query: HTTPQuery = [:]
        query.append("orderBy", RealtimeJSON.text(.string(self.order.parameter)))
        if let start = self.start {
            query.append(start.isInclusive ? "startAt" : "startAfter", RealtimeJSON.text(start.value))
        }
        if let end = self.end {
            query.append(end.isInclusive ? "endAt" : "endBefore", RealtimeJSON.text(end.value))
        }
        if let limit = self.limit { query.append(limit.isFromEnd ? "limitToLast" : "limitToFirst", limit.count) }
        return query
    }

    /// - Throws: `.invalidInput` for what the server would refuse.
    package func check() throws(FreshetError) {
        if let limit = self.limit, limit.count < 1 {
            throw FreshetError(.invalidInput, "a query is limited to one child at least")
        }
        if case .child(let path) = self.order {
            try RealtimePath(path).check()
            guard !RealtimePath(path).keys.isEmpty else {
                throw FreshetError(.invalidInput, "children are put in order by a path that is not empty")
            }
        }
        for case let bound? in [self.start, self.end] {
            let isKey = if case .string = bound.value { true } else { false }
            guard RealtimeLeaf(bound.value) != nil || bound.value == .null else {
                throw FreshetError(.invalidInput, "a query is bounded by a text, a number, true, false or null")
            }
            guard self.order != .key || isKey else {
                throw FreshetError(.invalidInput, "what is ordered by key is bounded by texts")
            }
            guard bound.value.isRepresentable else {
                throw FreshetError(.invalidInput, "a query is bounded by what is not a number of JSON")
            }
        }
    }
}
