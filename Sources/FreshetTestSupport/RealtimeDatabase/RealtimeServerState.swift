// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase

/// What a stand-in for the Realtime Database knows: the tree, who listens, and what is to be sent to whom. A value: requests in, bytes
/// out.
struct RealtimeServerState: Sendable {
    struct Listen: Sendable {
        let path: RealtimePath
        let query: RealtimeQuery
        let tag: JSONValue?
    }

    /// One connection.
    struct Client: Sendable {
        enum Kind { case http, webSocket, events }

        var kind = Kind.http
        var session = ""
        var token: String?
        var listens: [Listen] = []
        /// What is to be done when it is gone.
        var lastWishes: [(action: String, path: RealtimePath, data: JSONValue)] = []
        /// Segments of a message that is not complete.
        var segments: (missing: Int, text: String) = (0, "")
        var outgoing: [[UInt8]] = []
        var isWriting = false
        /// Nothing more is sent, and the connection ends.
        var isOver = false

        var isAdmin: Bool { self.token == "owner" }
    }

    var root = RealtimeNode()
    var clients: [Int: Client] = [:]
    var lastClient = 0
    var lastSession = 0
    var faults = RealtimeServerFaults()
    /// What nobody but the owner may do at these places and below.
    var unreadable: Set<RealtimePath> = []
    var unwritable: Set<RealtimePath> = []
    /// Tokens that are good; nil: nobody has to show one.
    var tokens: Set<String>?
    /// In milliseconds since 1970.
    var now: Int64 = 0
    /// Requests over WebSockets: actions, in order.
    var actions: [String] = []
    /// How many pushes there were, and how many listens were answered without one because of their hash.
    var pushes = 0
    var unchanged = 0

    func mayRead(_ path: RealtimePath, _ token: String?) -> Bool { self.may(path, token, self.unreadable) }
    func mayWrite(_ path: RealtimePath, _ token: String?) -> Bool { self.may(path, token, self.unwritable) }

    private func may(_ path: RealtimePath, _ token: String?, _ denied: Set<RealtimePath>) -> Bool {
        if token == "owner" { return true }
        if let tokens = self.tokens, !tokens.contains(token ?? "") { return false }
        return !denied.contains { $0.rest(of: path) != nil || path.rest(of: $0) != nil }
    }

    // MARK: - Changes

    /// Puts values at places, all at once, and tells those who listen there.
    ///
    /// - Parameters:
    ///   - base: where they were written.
    ///   - values: by paths below it; an empty one is the place itself.
    ///   - isMerge: whether they are told as a merge.
    mutating func write(_ base: RealtimePath, _ values: [(path: RealtimePath, value: JSONValue)], isMerge: Bool) {
        let old = self.root
        var written: [(path: RealtimePath, node: RealtimeNode)] = []
        for (path, value) in values {
            let full = base.appending(path)
            let node = RealtimeNode(self.filledIn(value, old.node(at: full.keys)))
            self.root.set(node, at: full.keys[...])
            written.append((path, node))
        }
        for id in self.clients.keys.sorted() {
            for listen in self.clients[id]?.listens ?? [] { self.tell(id, listen, base, written, isMerge, old) }
        }
    }

    /// A value with what the server knows in place of `.sv`.
    private func filledIn(_ value: JSONValue, _ old: RealtimeNode) -> JSONValue {
        switch value {
        case .object(let members):
            switch members[".sv"] {
            case "timestamp"?: return .integer(self.now)
            case .object(let operation)?: return self.sum(old.leaf?.json, operation["increment"])
            default: break
            }
            var filled: [String: JSONValue] = [:]
            for (key, member) in members { filled[key] = self.filledIn(member, old.node(at: [key])) }
            return .object(filled)
        case .array(let elements):
            return .array(elements.enumerated().map { self.filledIn($1, old.node(at: ["\($0)"])) })
        default: return value
        }
    }

    private func sum(_ left: JSONValue?, _ right: JSONValue?) -> JSONValue {
        switch (left, right) {
        case (.integer(let left)?, .integer(let right)?): .integer(left &+ right)
        case (.integer(let left)?, .number(let right)?): .number(Double(left) + right)
        case (.number(let left)?, .integer(let right)?): .number(left + Double(right))
        case (.number(let left)?, .number(let right)?): .number(left + right)
        default: right ?? 0
        }
    }

    private mutating func tell(
        _ id: Int,
        _ listen: Listen,
        _ base: RealtimePath,
        _ written: [(path: RealtimePath, node: RealtimeNode)],
        _ isMerge: Bool,
        _ old: RealtimeNode
    ) {
        let before = RealtimeServerWindow.of(old.node(at: listen.path.keys), listen.query)
        let after = RealtimeServerWindow.of(self.root.node(at: listen.path.keys), listen.query)
        guard before != after else { return }
        if listen.query.isDefault, let rest = listen.path.rest(of: base) {
            guard isMerge else { return self.push(id, listen, "d", rest, written[0].node.exported) }
            var members: [String: JSONValue] = [:]
            for (path, node) in written { members[path.keys.joined(separator: "/")] = node.exported }
            return self.push(id, listen, "m", rest, .object(members))
        }
        guard before.leaf == nil, after.leaf == nil, !before.isEmpty, before.priority == after.priority else {
            return self.push(id, listen, "d", [], after.exported)
        }
        var members: [String: JSONValue] = [:]
        for key in Set(before.children.keys).union(after.children.keys)
        where before.children[key] != after.children[key] {
            members[key] = after.children[key]?.exported ?? .null
        }
        self.push(id, listen, "m", [], .object(members))
    }

    mutating func push(
        _ id: Int,
        _ listen: Listen,
        _ action: String,
        _ rest: ArraySlice<String>,
        _ data: JSONValue
    ) {
        self.pushes += 1
        for _ in 0..<(self.faults.doublesPushes ? 2 : 1) {
            if self.clients[id]?.kind == .events {
                let path = "/" + rest.joined(separator: "/")
                self.event(id, action == "m" ? "patch" : "put", ["path": .string(path), "data": data])
            } else {
                let path = (listen.path.keys + rest).joined(separator: "/")
                var body: [String: JSONValue] = ["p": .string(path), "d": data]
                if let tag = listen.tag { body["t"] = tag }
                self.say(id, ["t": "d", "d": ["a": .string(action), "b": .object(body)]])
            }
        }
    }

    // MARK: - Connections

    mutating func add() -> Int {
        self.lastClient += 1
        self.clients[self.lastClient] = Client()
        return self.lastClient
    }

    /// It is gone: what it wanted to be done then is done.
    mutating func remove(_ id: Int) {
        guard let client = self.clients.removeValue(forKey: id) else { return }
        for wish in client.lastWishes { self.fulfil(wish) }
    }

    mutating func fulfil(_ wish: (action: String, path: RealtimePath, data: JSONValue)) {
        guard wish.action == "om", case .object(let members) = wish.data else {
            return self.write(wish.path, [(RealtimePath(""), wish.data)], isMerge: false)
        }
        self.write(wish.path, members.map { (RealtimePath($0.key), $0.value) }, isMerge: true)
    }

    /// What waits for it now; nil: somebody is writing already, or there is nothing.
    mutating func beginWriting(_ id: Int) -> [[UInt8]]? {
        guard let client = self.clients[id], !client.isWriting, !client.outgoing.isEmpty else { return nil }
        self.clients[id]?.isWriting = true
        self.clients[id]?.outgoing = []
        return client.outgoing
    }

    mutating func endWriting(_ id: Int) { self.clients[id]?.isWriting = false }

    mutating func end(_ id: Int) { self.clients[id]?.isOver = true }
}
