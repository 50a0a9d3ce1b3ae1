// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase

/// The protocol over WebSockets, from the server's side.
extension RealtimeServerState {
    mutating func greet(_ id: Int, lastSession: String?, host: String) {
        // Who comes back has gone: its old connection is let go, which its last wishes are for.
        if let lastSession, let old = self.clients.first(where: { $0.value.session == lastSession && $0.key != id }) {
            self.end(old.key)
            let wishes = self.clients[old.key]?.lastWishes ?? []
            self.clients[old.key]?.lastWishes = []
            self.clients[old.key]?.listens = []
            for wish in wishes { self.fulfil(wish) }
        }
        self.clients[id]?.kind = .webSocket
        self.lastSession += 1
        self.clients[id]?.session = "session\(self.lastSession)"
        if self.faults.isMute { return }
        if let other = self.faults.redirect { return self.say(id, ["t": "c", "d": ["t": "r", "d": .string(other)]]) }
        let hello: JSONValue = [
            "ts": .integer(self.now), "v": "5", "h": .string(host), "s": .string("session\(self.lastSession)"),
        ]
        self.say(id, ["t": "c", "d": ["t": "h", "d": hello]])
    }

    /// Sends a message, in segments where it is long.
    mutating func say(_ id: Int, _ message: JSONValue) {
        guard self.clients[id]?.isOver == false else { return }
        let text = RealtimeJSON.text(message)
        let limit = self.faults.segmentLength ?? 16_384
        if text.utf16.count <= limit, self.faults.segmentLength == nil { return self.frame(id, text) }
        var segments: [String] = [""]
        for scalar in text.unicodeScalars {
            if segments[segments.count - 1].utf16.count >= limit { segments.append("") }
            segments[segments.count - 1].unicodeScalars.append(scalar)
        }
        self.frame(id, "\(segments.count)")
        for segment in segments { self.frame(id, segment) }
    }

    mutating func frame(_ id: Int, _ text: String) {
        self.clients[id]?.outgoing.append(RawConnection.frame(0x81, Array(text.utf8)))
    }

    // MARK: - What clients say

    /// A frame of a client's; segments are put together.
    mutating func heard(_ id: Int, _ text: String) {
        guard let client = self.clients[id] else { return }
        var whole = text
        if client.segments.missing > 0 {
            self.clients[id]?.segments.missing -= 1
            self.clients[id]?.segments.text += text
            guard client.segments.missing == 1 else { return }
            whole = client.segments.text + text
            self.clients[id]?.segments.text = ""
        } else if text.utf8.count <= 6, let count = Int(text) {
            // A keep-alive is none at all.
            self.clients[id]?.segments.missing = count
            return
        }
        guard case .object(let message)? = RealtimeJSON.value(Bytes(copying: whole.utf8)),
            case .object(let data)? = message["d"]
        else {
            self.say(id, ["t": "c", "d": ["t": "e", "d": "that is no message"]])
            return self.end(id)
        }
        if message["t"] == "c" {
            if data["t"] == "p" { self.say(id, ["t": "c", "d": ["t": "o", "d": nil]]) }
            return
        }
        guard case .integer(let number)? = data["r"], case .string(let action)? = data["a"] else { return }
        let body: [String: JSONValue] = if case .object(let body)? = data["b"] { body } else { [:] }
        // One that runs for hours has no room for all of them.
        if self.actions.count >= 100_000 { self.actions.removeFirst(50_000) }
        self.actions.append(action)
        self.perform(id, action, body, number)
    }

    private mutating func reply(_ id: Int, _ number: Int64, _ status: String = "ok", _ data: JSONValue = [:]) {
        guard !self.faults.answersNothing else { return }
        self.say(id, ["t": "d", "d": ["r": .integer(number), "b": ["s": .string(status), "d": data]]])
    }

    private mutating func perform(_ id: Int, _ action: String, _ body: [String: JSONValue], _ number: Int64) {
        let path: RealtimePath = if case .string(let text)? = body["p"] { RealtimePath(text) } else { RealtimePath("") }
        let token = self.clients[id]?.token
        let isWrite = ["p", "m", "o", "om", "oc"].contains(action)
        let isAllowed =
            switch action {
            case "q", "g": self.mayRead(path, token)
            case _ where isWrite: self.mayWrite(path, token)
            default: true
            }
        guard isAllowed else { return self.reply(id, number, "permission_denied", "Permission denied") }
        switch action {
        case "auth", "gauth": self.authenticate(id, body, number)
        case "q": self.listen(id, path, body, number)
        case "n":
            self.clients[id]?.listens.removeAll { listen in
                listen.path == path && (body["t"].map { $0 == listen.tag } ?? (listen.tag == nil))
            }
            self.reply(id, number)
        case "g":
            let node = RealtimeServerWindow.of(self.root.node(at: path.keys), Self.query(body["q"]))
            self.reply(id, number, "ok", node.exported)
        case "p", "m": self.write(id, action, path, body, number)
        case "o", "om":
            self.clients[id]?.lastWishes.append((action, path, body["d"] ?? .null))
            self.reply(id, number)
        case "oc":
            self.clients[id]?.lastWishes.removeAll { path.rest(of: $0.path) != nil }
            self.reply(id, number)
        case "unauth":
            self.clients[id]?.token = nil
            self.reply(id, number)
        default: self.reply(id, number)
        }
    }

    private mutating func authenticate(_ id: Int, _ body: [String: JSONValue], _ number: Int64) {
        guard case .string(let token)? = body["cred"], token == "owner" || self.tokens?.contains(token) ?? true else {
            return self.reply(id, number, "invalid_token", "the token is not good")
        }
        self.clients[id]?.token = token
        self.reply(id, number, "ok", ["auth": nil])
    }

    private mutating func listen(_ id: Int, _ path: RealtimePath, _ body: [String: JSONValue], _ number: Int64) {
        let listen = Listen(path: path, query: Self.query(body["q"]), tag: body["t"])
        let node = RealtimeServerWindow.of(self.root.node(at: path.keys), listen.query)
        self.clients[id]?.listens.append(listen)
        if body["h"] == .string(node.hash), !node.isEmpty {
            self.unchanged += 1
        } else {
            self.push(id, listen, "d", [], node.exported)
        }
        self.reply(id, number, "ok", self.faults.hasNoIndex ? ["w": ["no_index"]] : [:])
    }

    private mutating func write(
        _ id: Int,
        _ action: String,
        _ path: RealtimePath,
        _ body: [String: JSONValue],
        _ number: Int64
    ) {
        if let hash = body["h"], hash != .string(self.root.node(at: path.keys).hash) {
            return self.reply(id, number, "datastale", "it is another value")
        }
        if self.faults.acknowledgesFirst { self.reply(id, number) }
        var values = [(path: RealtimePath(""), value: body["d"] ?? .null)]
        if action == "m", case .object(let members)? = body["d"] {
            values = members.map { (RealtimePath($0.key), $0.value) }
        }
        self.write(path, values, isMerge: action == "m")
        if self.faults.breaksAfterWrite { return self.end(id) }
        if !self.faults.acknowledgesFirst { self.reply(id, number) }
    }

    /// As a client says it.
    static func query(_ json: JSONValue?) -> RealtimeQuery {
        var query = RealtimeQuery()
        guard case .object(let members)? = json else { return query }
        switch members["i"] {
        case ".key"?: query.order = .key
        case ".value"?: query.order = .value
        case .string(let path)?: query.order = .child(path)
        default: break
        }
        if let value = members["sp"] { query.start = .init(value, isInclusive: members["sin"] != false) }
        if let value = members["ep"] { query.end = .init(value, isInclusive: members["ein"] != false) }
        if case .integer(let count)? = members["l"] { query.limit = .init(Int(count), isFromEnd: members["vf"] == "r") }
        return query
    }

    // MARK: - Rules

    /// Those who listen where they may not any more are told so.
    mutating func enforceRules() {
        for id in self.clients.keys.sorted() {
            let token = self.clients[id]?.token
            for listen in self.clients[id]?.listens ?? [] where !self.mayRead(listen.path, token) {
                if self.clients[id]?.kind == .events {
                    self.event(id, "cancel", nil)
                    self.end(id)
                    continue
                }
                var body: [String: JSONValue] = ["p": .string(listen.path.keys.joined(separator: "/"))]
                if !listen.query.isDefault { body["q"] = listen.query.json }
                self.say(id, ["t": "d", "d": ["a": "c", "b": .object(body)]])
            }
            let allowed = self.clients[id]?.listens.filter { self.mayRead($0.path, token) }
            self.clients[id]?.listens = allowed ?? []
        }
    }

    /// Who has shown this token is told that it is not good any more.
    mutating func revoke(_ token: String) {
        self.tokens?.remove(token)
        for id in self.clients.keys.sorted() where self.clients[id]?.token == token {
            if self.clients[id]?.kind == .events {
                self.event(id, "auth_revoked", "credential is no longer valid")
                self.end(id)
            } else {
                self.say(id, ["t": "d", "d": ["a": "ac", "b": ["s": "expired_token", "d": "the token has expired"]]])
            }
        }
    }
}
