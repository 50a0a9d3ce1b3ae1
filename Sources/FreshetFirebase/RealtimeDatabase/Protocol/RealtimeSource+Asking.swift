// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
package import FreshetTransport

/// What is asked, and how it is taken back.
extension RealtimeSource {
    package mutating func subscribe(
        _ id: SubscriptionID,
        to request: RealtimeRequest,
        from position: Position?
    ) -> WebSocketMessage {
        switch request {
        case .get(let target):
            return self.ask(
                id,
                "g",
                ["p": .string(target.path.text), "q": target.query.json],
                "get \(target.path.text)"
            )
        case .change(let change): return self.send(change, id)
        case .listen(let target, let isNew):
            if isNew, self.news[id] == nil { self.news[id] = position == nil ? .beginning : .interrupted }
            return self.listen(id, to: target)
        }
    }

    private mutating func ask(
        _ id: SubscriptionID,
        _ action: String,
        _ body: [String: JSONValue],
        _ what: String
    ) -> WebSocketMessage {
        self.ask(id, action, RealtimeJSON.text(.object(body)), what)
    }

    private mutating func ask(
        _ id: SubscriptionID,
        _ action: String,
        _ body: String,
        _ what: String
    ) -> WebSocketMessage {
        let number = self.memory.nextNumber()
        self.pending[number] = .answer(id, what)
        return RealtimeCommand(number, action, body).message
    }

    private mutating func send(_ change: RealtimeChange, _ id: SubscriptionID) -> WebSocketMessage {
        var body = #"{"p":\#(RealtimeJSON.text(.string(change.path.text)))"#
        if change.action != .cancelOnDisconnect { body += #","d":\#(change.data)"# }
        if let hash = change.hash { body += #","h":\#(RealtimeJSON.text(.string(hash)))"# }
        return self.ask(id, change.action.rawValue, body + "}", "the change of \(change.path.text)")
    }

    private mutating func listen(_ id: SubscriptionID, to target: RealtimeTarget) -> WebSocketMessage {
        self.targets[id] = target
        if var listen = self.listens[target] {
            // Again, or somebody else: what is there is here already.
            listen.served.removeAll { $0 == id }
            listen.waiting.removeAll { $0 == id }
            listen.waiting.append(id)
            self.listens[target] = listen
            return RealtimeCommand.ping
        }
        let tag = self.isStreamed || !target.query.isDefault ? self.memory.nextTag() : nil
        var listen = Listen(tag: tag)
        listen.waiting = [id]
        self.listens[target] = listen
        if let tag { self.tags[tag] = target }
        // Over HTTP everything comes again in any case.
        let known = self.isStreamed ? nil : self.previous?.tree(of: target)
        self.trees.begin(target, with: known ?? RealtimeNode())
        let number = self.memory.nextNumber()
        self.pending[number] = .listen(target)
        var body = Self.body(of: target, tag)
        body["h"] = .string(known?.hash ?? "")
        return RealtimeCommand(number, "q", RealtimeJSON.text(.object(body))).message
    }

    private static func body(of target: RealtimeTarget, _ tag: Int64?) -> [String: JSONValue] {
        var body: [String: JSONValue] = ["p": .string(target.path.text)]
        if let tag { (body["q"], body["t"]) = (target.query.json, .integer(tag)) }
        return body
    }

    package mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        self.news[id] = nil
        guard let target = self.targets.removeValue(forKey: id), var listen = self.listens[target] else { return nil }
        listen.served.removeAll { $0 == id }
        listen.waiting.removeAll { $0 == id }
        self.listens[target] = listen
        guard listen.all.isEmpty else { return nil }
        self.forget(target)
        let body = RealtimeJSON.text(.object(Self.body(of: target, listen.tag)))
        return RealtimeCommand(self.memory.nextNumber(), "n", body).message
    }

    /// What comes for it from now on means nothing.
    mutating func forget(_ target: RealtimeTarget) {
        guard let listen = self.listens.removeValue(forKey: target) else { return }
        if let tag = listen.tag { self.tags[tag] = nil }
        self.trees.end(target)
        // An answer that is still to come would be taken for that of who asks next.
        self.pending = self.pending.filter { _, pending in
            if case .listen(target) = pending { false } else { true }
        }
    }
}
