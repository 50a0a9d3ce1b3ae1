// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Places that are listened to, and what becomes of them.
extension RealtimeSource {
    /// Everything that is there has come before this answer, or is what it was.
    mutating func listened(_ target: RealtimeTarget, _ reply: RealtimeReply) -> SourceEvent {
        guard let listen = self.listens[target] else { return .nothing(note: nil) }
        guard reply.isOK else { return self.fail(target, listen, reply.error(of: "listening to \(target.path.text)")) }
        self.listens[target]?.isComplete = true
        if self.listens.values.allSatisfy(\.isComplete) { self.previous = nil }
        var events = self.serve(target)
        if Self.hasNoIndex(reply) {
            let place = target.path.text
            events.append(.nothing(note: "the rules have no index for \(place) (.indexOn): the server sends all of it"))
        }
        return .several(events)
    }

    private static func hasNoIndex(_ reply: RealtimeReply) -> Bool {
        guard let data = reply.data, case .object(let members)? = RealtimeJSON.value(data),
            case .array(let warnings)? = members["w"]
        else { return false }
        return warnings.contains("no_index")
    }

    private mutating func fail(_ target: RealtimeTarget, _ listen: Listen, _ error: FreshetError) -> SourceEvent {
        self.forget(target)
        var events: [SourceEvent] = []
        for id in listen.all {
            self.targets[id] = nil
            self.news[id] = nil
            if case .server = error.kind {
                events.append(.interrupted(id, error, after: .zero))
            } else {
                events.append(.failed(id, error))
            }
        }
        return .several(events)
    }

    /// Gives all that is there to those who wait for it.
    mutating func serve(_ target: RealtimeTarget) -> [SourceEvent] {
        guard let waiting = self.listens[target]?.waiting else { return [] }
        self.listens[target]?.served += waiting
        self.listens[target]?.waiting = []
        let state = waiting.isEmpty ? nil : self.trees.state(of: target)
        return waiting.flatMap { id in self.serve(id, state) }
    }

    private mutating func serve(_ id: SubscriptionID, _ state: Bytes?) -> [SourceEvent] {
        switch self.news[id] {
        case nil: return state.map { [.snapshot(id, $0)] } ?? []
        case .beginning?: return [.confirmed(id), .progress(id, Self.here)]
        case .interrupted?:
            // It asks again, and gets everything.
            self.news[id] = .restarted
            return [.historyLost(id, .unknown, reason: "what was changed while there was no connection is not kept")]
        case .restarted?: return (state.map { [.snapshot(id, $0)] } ?? []) + [.progress(id, Self.here)]
        }
    }

    // MARK: - What comes by itself

    mutating func pushed(_ action: String, _ body: Bytes) throws(SourceViolation) -> SourceEvent {
        switch action {
        case "d", "m": return try self.changed(body, isMerge: action == "m")
        case "c": return self.revoked(body)
        case "ac":
            let words = RealtimeReply(body)?.words ?? ""
            return .refused(
                FreshetError(
                    .unauthorized,
                    "the server does not accept the token any more\(words.isEmpty ? "" : ": \(words.prefix(200))")"
                )
            )
        case "sd": return .nothing(note: nil)
        default: return .nothing(note: "the server sent \(action.prefix(16)), which was not asked for")
        }
    }

    private mutating func changed(_ body: Bytes, isMerge: Bool) throws(SourceViolation) -> SourceEvent {
        guard let members = RealtimeJSON.members(body), let place = RealtimeMessage.text("p", of: members),
            let data = RealtimeMessage.member("d", of: members)
        else { throw Self.violation("a change without a place or a value") }
        let path = RealtimePath(place)
        var changes: [(path: RealtimePath, node: RealtimeNode)] = []
        if isMerge {
            guard let members = RealtimeJSON.members(data) else { throw Self.violation("a merge of what is no object") }
            for (key, value) in members {
                let place = path.appending(RealtimePath(key))
                changes.append((place, try Self.node(value, at: place)))
            }
        } else {
            changes.append((path, try Self.node(data, at: path)))
        }
        let tag = RealtimeMessage.member("t", of: members).flatMap { Int64($0.text) }
        if let tag {
            guard let target = self.tags[tag] else { return .nothing(note: nil) }
            return .several(self.change(target, changes))
        }
        var events: [SourceEvent] = []
        for (target, listen) in self.listens where listen.tag == nil {
            events += self.change(target, changes)
        }
        return events.count == 1 ? events[0] : .several(events)
    }

    /// What is put at a place. Trees are walked by recursion: a place and what is there go no deeper together than a value may.
    private static func node(_ json: Bytes, at path: RealtimePath) throws(SourceViolation) -> RealtimeNode {
        guard let value = RealtimeJSON.value(json, below: path.keys.count) else {
            throw Self.violation("a change that is no JSON, or lies deeper than \(RealtimeJSON.depthLimit) levels")
        }
        return RealtimeNode(value)
    }

    private func change(
        _ target: RealtimeTarget,
        _ changes: [(path: RealtimePath, node: RealtimeNode)]
    ) -> [SourceEvent] {
        guard let listen = self.listens[target] else { return [] }
        let here = changes.compactMap { path, node -> (path: ArraySlice<String>, node: RealtimeNode)? in
            if let rest = target.path.rest(of: path) { return (rest, node) }
            // Somebody listens further up, and what came for him has this as well; not before all of it is there.
            guard listen.isComplete, let rest = path.rest(of: target.path) else { return nil }
            return ([], node.node(at: rest))
        }
        guard !here.isEmpty else { return [] }
        let outcome = self.trees.change(target, here)
        guard listen.isComplete, !listen.served.isEmpty else { return [] }
        switch outcome {
        case .nothing: return []
        case .whole:
            let state = self.trees.state(of: target)
            return listen.served.map { .snapshot($0, state) }
        case .children(let keys):
            let state = self.trees.state(of: keys, of: target)
            return listen.served.map { .update($0, state) }
        }
    }

    /// The rules, or the user, are others now: these feeds fail, and no other ones.
    private mutating func revoked(_ body: Bytes) -> SourceEvent {
        guard let members = RealtimeJSON.members(body), let place = RealtimeMessage.text("p", of: members) else {
            return .nothing(note: "the server took back what has no place")
        }
        let path = RealtimePath(place)
        let query = RealtimeMessage.member("q", of: members).flatMap { RealtimeJSON.value($0) }
        let tag = RealtimeMessage.member("t", of: members).flatMap { Int64($0.text) }
        var events: [SourceEvent] = []
        for (target, listen) in self.listens where target.path == path {
            if let tag, listen.tag != tag { continue }
            if tag == nil, (query ?? .object([:])) != target.query.json { continue }
            let error = FreshetError(
                .forbidden,
                "listening to \(path.text) is not allowed any more",
                hint: "the database's rules do not allow it to this user"
            )
            events.append(self.fail(target, listen, error))
        }
        return .several(events.flatMap { event in if case .several(let all) = event { all } else { [event] } })
    }
}
