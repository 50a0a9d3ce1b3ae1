// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase
import FreshetHTTP

/// A request of HTTP/1.1, as far as the stand-in needs it.
struct RealtimeServerRequest: Sendable {
    let head: String
    let body: [UInt8]
    let method: String
    let path: String
    let query: [String: String]

    init?(head: String, body: [UInt8]) {
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2 else { return nil }
        self.head = head
        self.body = body
        let parts = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.path = PercentEncoding.decoded(String(parts[0]))
        var query: [String: String] = [:]
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? String(pair[1]) : ""
            query[PercentEncoding.decoded(String(pair[0]))] =
                PercentEncoding.decoded(String(value.map { $0 == "+" ? " " : $0 }))
        }
        self.query = query
        let method = String(words[0])
        self.method =
            method == "POST" ? Self.header("X-HTTP-Method-Override", of: head)?.uppercased() ?? method : method
    }

    func header(_ name: String) -> String? { Self.header(name, of: self.head) }

    static func header(_ name: String, of head: String) -> String? {
        head.split(separator: "\r\n").dropFirst().first { $0.lowercased().hasPrefix("\(name.lowercased()):") }
            .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
    }

    var isUpgrade: Bool { self.header("Upgrade")?.lowercased() == "websocket" }
    var isStream: Bool { self.header("Accept")?.contains("text/event-stream") == true }

    /// Who asks.
    var token: String? {
        if let token = self.query["auth"] ?? self.query["access_token"] { return token }
        return self.header("Authorization").flatMap { value in
            value.lowercased().hasPrefix("bearer ") ? String(value.dropFirst("bearer ".count)) : nil
        }
    }

    /// What the query says of children; nil where it cannot be understood.
    var childQuery: RealtimeQuery? {
        func json(_ name: String) -> JSONValue? {
            self.query[name].flatMap { RealtimeJSON.value(Bytes(copying: $0.utf8)) }
        }
        var query = RealtimeQuery()
        guard self.query["orderBy"] != nil else { return query }
        guard case .string(let order)? = json("orderBy") else { return nil }
        query.order =
            switch order {
            case "$key": .key
            case "$value": .value
            case "$priority": .priority
            default: .child(order)
            }
        if let value = json("startAt") ?? json("equalTo") { query.start = .init(value, isInclusive: true) }
        if let value = json("startAfter") { query.start = .init(value, isInclusive: false) }
        if let value = json("endAt") ?? json("equalTo") { query.end = .init(value, isInclusive: true) }
        if let value = json("endBefore") { query.end = .init(value, isInclusive: false) }
        if let count = self.query["limitToFirst"].flatMap({ Int($0) }) { query.limit = .init(count, isFromEnd: false) }
        if let count = self.query["limitToLast"].flatMap({ Int($0) }) { query.limit = .init(count, isFromEnd: true) }
        return query
    }
}
