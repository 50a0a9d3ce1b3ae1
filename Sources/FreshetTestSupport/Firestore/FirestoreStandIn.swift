// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore
package import FreshetHTTP
import HTTPTypes

/// A Firestore's watch without sockets: it answers the calls of a client, tells changes as Google's servers are documented to do,
/// one by one, and does wrong what a test wants.
///
/// What it does not do: limits and orders, writes over HTTP, and filters beyond whole numbers.
package final class FirestoreStandIn: HTTPTransport {
    private struct State: Sendable {
        var store: FirestoreStandInStore
        let keepAlive: Duration
        let room: Int?
        var faults = FirestoreStandInFaults()
        var sessions: [String: FirestoreStandInSession] = [:]
        var lastSession = 0
        var backChannels = 0
        var violations: [String] = []
        var authorizations: [String] = []
        var listens: [JSONValue] = []
        var said: [String] = []

        init(keepAlive: Duration, room: Int?) {
            self.store = FirestoreStandInStore(room: room)
            self.keepAlive = keepAlive
            self.room = room
        }

        /// Keeps what a session says for whoever wants to read it later.
        mutating func keep(_ session: FirestoreStandInSession?) {
            guard self.room == nil else { return }
            self.said += session?.arrays.suffix(8).map(\.json) ?? []
        }

        /// A session that nobody asks about any more is forgotten, as servers do it.
        func isForgotten(_ session: FirestoreStandInSession) -> Bool {
            self.room.map { session.arrays.count > $0 } ?? false
        }
    }

    private let state: Locked<State>
    private static let route = "gs/1="

    /// - Parameters:
    ///   - keepAlive: how often it says that something is said, as it tells its clients.
    ///   - room: so many changes, and messages of one session that are not acknowledged, are kept, and nothing for tests to read later: for
    ///     one that runs for hours. nil: everything is kept.
    package init(keepAlive: Duration = .seconds(30), remembering room: Int? = nil) {
        self.state = Locked(State(keepAlive: keepAlive, room: room))
    }

    /// What it does wrong.
    package var faults: FirestoreStandInFaults {
        get { self.state.withLock { $0.faults } }
        set { self.state.withLock { $0.faults = newValue } }
    }

    /// What the client did that is not allowed.
    package var violations: [String] { self.state.withLock { $0.violations } }
    /// How many sessions there were, how many there are, and how often a back channel was asked for.
    package var sessionCount: Int { self.state.withLock { $0.lastSession } }
    package var openSessions: Int { self.state.withLock { $0.sessions.count } }
    package var backChannels: Int { self.state.withLock { $0.backChannels } }
    package var targets: Int { self.state.withLock { $0.sessions.values.reduce(0) { $0 + $1.targets.count } } }
    package var authorizations: [String] { self.state.withLock { $0.authorizations } }
    /// What was asked for.
    package var listens: [JSONValue] { self.state.withLock { $0.listens } }
    /// Messages that it has sent, some of them twice.
    package var said: [String] { self.state.withLock { $0.said } }

    // MARK: - The database

    /// Writes a document, or deletes it, and tells everybody.
    ///
    /// - Parameters:
    ///   - path: where it is: `users/ada`.
    ///   - fields: what is in it, as in the REST API; nil: nothing, it is deleted.
    package func write(_ path: String, _ fields: JSONValue?) {
        self.state.withLock { state in
            state.store.write(path, fields)
            guard let (_, name, before, after) = state.store.history.last else { return }
            for id in state.sessions.keys {
                guard var session = state.sessions[id] else { continue }
                guard !state.isForgotten(session) else {
                    session.cut()
                    state.sessions[id] = nil
                    continue
                }
                session.changed(name, before, after, in: &state.store, state.faults)
                session.flush(state.faults)
                state.keep(session)
                state.sessions[id] = session
            }
        }
    }

    /// The moment of the last write, as its messages say it.
    package var moment: String { self.state.withLock { FirestoreStandInStore.time($0.store.now) } }

    /// Breaks every answer off that goes on now.
    package func cut() {
        self.state.withLock { state in
            for id in state.sessions.keys { state.sessions[id]?.cut() }
        }
    }

    /// Forgets every session, as a server does that is started again.
    package func forgetSessions() {
        self.state.withLock { state in
            for id in state.sessions.keys { state.sessions[id]?.cut() }
            state.sessions = [:]
        }
    }

    /// Ends the streams of those who have shown this: it is not good any more.
    package func refuse(_ authorization: String) {
        self.state.withLock { state in
            for (id, session) in state.sessions where session.authorization == authorization {
                state.sessions[id]?.refuse()
                state.sessions[id]?.flush(state.faults)
            }
        }
    }

    /// Says a word to every session: `stop`, `noop`, `close`.
    package func say(_ word: String) {
        self.state.withLock { state in
            for id in state.sessions.keys {
                state.sessions[id]?.sayWord(word)
                state.sessions[id]?.flush(state.faults)
            }
        }
    }

    /// Says a message to every session.
    package func say(_ message: JSONValue) {
        self.state.withLock { state in
            for id in state.sessions.keys {
                state.sessions[id]?.say(message)
                state.sessions[id]?.flush(state.faults)
            }
        }
    }

    // MARK: - HTTP

    package func send(_ call: HTTPCall) async throws(FreshetError) -> HTTPReply { try self.answer(call).get() }

    /// Answers a call; what does not end comes by and by.
    func answer(_ call: HTTPCall) -> Result<HTTPReply, FreshetError> {
        let query = Self.form(String((call.request.path ?? "").drop { $0 != "?" }.dropFirst()))
        var body: [String: String] = [:]
        if let bytes = call.body?.bytes { body = Self.form(bytes.text) }
        return self.state.withLock { Self.answer(call, query, body, &$0) }
    }

    private static func answer(
        _ call: HTTPCall,
        _ query: [String: String],
        _ body: [String: String],
        _ state: inout State
    ) -> Result<HTTPReply, FreshetError> {
        if query["VER"] != "8" { state.violations.append("not version 8") }
        if query["database"] != "projects/demo/databases/(default)" { state.violations.append("another database") }
        if call.allowsHTTP2 { state.violations.append("not HTTP/1.1") }
        guard let id = query["SID"] else { return .success(Self.handshake(body, &state)) }
        if query["gsessionid"] != Self.route { state.violations.append("without the route") }
        guard state.sessions[id] != nil else {
            return .success(Self.reply(400, "<title>400</title>Unknown SID"))
        }
        if query["TYPE"] == "terminate" {
            state.sessions.removeValue(forKey: id)?.back?.continuation.finish()
            return .success(Self.reply(200, ""))
        }
        state.sessions[id]?.acknowledged(Int(query["AID"] ?? "") ?? 0)
        if query["RID"] == "rpc" {
            if let page = state.faults.page {
                state.faults.page = nil
                return .success(Self.reply(200, page))
            }
            return .success(Self.listen(id, isLongPolling: query["CI"] == "1", &state))
        }
        return Self.take(id, Int(query["RID"] ?? "") ?? 0, body, &state)
    }

    private static func handshake(_ body: [String: String], _ state: inout State) -> HTTPReply {
        let headers = (body["headers"] ?? "").split(separator: "\r\n")
        let authorization = headers.first { $0.hasPrefix("Authorization:") }.map { String($0.dropFirst(14)) } ?? ""
        if state.room == nil { state.authorizations.append(authorization) }
        state.lastSession += 1
        let id = "session\(state.lastSession)"
        var session = FirestoreStandInSession()
        session.authorization = authorization
        session.answerLimit = state.room.map { $0 / 2 }
        if state.faults.isRefused?(authorization) == true { session.refuse() }
        state.sessions[id] = session
        let keepAlive = Int(state.keepAlive / .milliseconds(1))
        let payload = "[[0,[\"c\",\"\(id)\",\"\",8,12,\(keepAlive)]]\n]\n"
        return Self.reply(200, "\(payload.utf16.count)\n\(payload)", ["X-HTTP-Session-Id": Self.route])
    }

    private static func listen(_ id: String, isLongPolling: Bool, _ state: inout State) -> HTTPReply {
        state.backChannels += 1
        let (stream, continuation) = AsyncThrowingStream<Bytes, any Error>.makeStream()
        state.sessions[id]?.back?.continuation.finish()
        state.sessions[id]?.back = FirestoreStandInSession.Back(
            number: state.backChannels,
            isLongPolling: isLongPolling,
            continuation: continuation,
            left: state.faults.cuts?(state.backChannels)
        )
        // From here on everything that was not acknowledged.
        if let session = state.sessions[id] {
            state.sessions[id]?.lastSent = session.arrays.first.map { $0.id - 1 } ?? session.lastArray
        }
        if state.backChannels % 2 == 0 { state.sessions[id]?.sayWord("noop") }
        state.sessions[id]?.flush(state.faults)
        return HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(stream))
    }

    private static func take(
        _ id: String,
        _ rid: Int,
        _ body: [String: String],
        _ state: inout State
    ) -> Result<HTTPReply, FreshetError> {
        guard var session = state.sessions[id], let count = Int(body["count"] ?? ""), let ofs = Int(body["ofs"] ?? "")
        else {
            return .success(Self.reply(400, ""))
        }
        if rid != session.lastRID {
            if session.lastRID != 0, rid != session.lastRID + 1 {
                state.violations.append("RID \(rid) after \(session.lastRID)")
            }
            if ofs != session.taken { state.violations.append("ofs \(ofs) after \(session.taken)") }
            session.lastRID = rid
            for index in 0..<count {
                let text = body["req\(index)___data__"] ?? ""
                guard let request = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
                    state.violations.append("no JSON")
                    continue
                }
                session.taken += 1
                if state.room == nil { state.listens.append(request) }
                if let violation = session.take(request, &state.store, state.faults) {
                    state.violations.append(violation)
                }
            }
        }
        session.flush(state.faults)
        state.keep(session)
        state.sessions[id] = session
        if state.faults.lostReplies > 0 {
            state.faults.lostReplies -= 1
            return .failure(FreshetError(.interrupted, "the stand-in lost the answer"))
        }
        let payload = "[\(session.back == nil ? 0 : 1),\(session.lastSent),0]"
        return .success(Self.reply(200, "\(payload.count)\n\(payload)"))
    }

    private static func reply(_ status: Int, _ body: String, _ headers: [String: String] = [:]) -> HTTPReply {
        var fields = HTTPFields()
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return HTTPReply(HTTPResponse(status: .init(code: status), headerFields: fields), body: HTTPBody(body.utf8))
    }

    private static func form(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "&").map { pair -> (String, String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
        return Dictionary(pairs) { _, last in last }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "%"),
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
