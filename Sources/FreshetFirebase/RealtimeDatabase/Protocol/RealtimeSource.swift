// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
import FreshetDocuments
import FreshetHTTP
package import FreshetTransport

/// The Realtime Database's protocol, version 5, as a client: what to say, and what the server's messages mean.
///
/// Each place is listened to once, whoever wants it: the server counts them by place and query, not by who asks. Elements are the
/// whole state, as `.snapshot`, or children that have changed, as `.update`: an object of them, with null for what is gone.
///
/// Beyond what the protocol needs it holds what is at each place that is listened to. The next connection tells the server the hash
/// of that, and nothing is sent again that has not changed.
package struct RealtimeSource: FeedSource {
    /// What was asked for and not answered yet.
    enum Pending {
        case authentication
        case listen(RealtimeTarget)
        case answer(SubscriptionID, String)
    }

    struct Listen {
        /// By which the server says what belongs to it; nil where it is everything at a place.
        let tag: Int64?
        /// Who has had the whole state, and who waits for it.
        var served: [SubscriptionID] = []
        var waiting: [SubscriptionID] = []
        var isComplete = false

        var all: [SubscriptionID] { self.served + self.waiting }
    }

    /// Where a feed of changes alone stands: it cannot go on from there, but must say so.
    static let here = Position(text: "now")

    let memory: RealtimeMemory
    /// Whether the host that the server names is the one to come back to.
    private let keepsHost: Bool
    private var assembler: RealtimeAssembler
    var trees = RealtimeTrees()
    /// Those of the last connection, until everything that is wanted has come.
    var previous: RealtimeTrees?
    private var token: String?
    /// Whether requests and events over HTTP carry it.
    var isStreamed = false
    var isReady = false
    var pending: [Int64: Pending] = [:]
    var listens: [RealtimeTarget: Listen] = [:]
    var tags: [Int64: RealtimeTarget] = [:]
    var targets: [SubscriptionID: RealtimeTarget] = [:]
    /// Feeds of changes alone, and whether they have been told that some are missing.
    var news: [SubscriptionID: News] = [:]

    enum News {
        case beginning, interrupted, restarted
    }

    package init(memory: RealtimeMemory, messageLimit: Int = 256 << 20, keepsHost: Bool = false) {
        self.memory = memory
        self.keepsHost = keepsHost
        self.assembler = RealtimeAssembler(limit: messageLimit)
    }

    package var subprotocols: [String] { [] }

    package mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        self.trees = RealtimeTrees()
        self.previous = self.memory.replaceTrees(by: self.trees)
        self.token = credentials?.token
        self.isStreamed = subprotocol == HTTPStreamTransport.subprotocol
        // Otherwise the server speaks first.
        return self.isStreamed ? [RealtimeCommand.ping] : []
    }

    package func kind(of request: RealtimeRequest) -> OperationKind { request.kind }

    package func continuity(of request: RealtimeRequest) -> Continuity { .convergent }

    package func mark(of payload: Bytes, in request: RealtimeRequest) -> UpdateMark? {
        guard case .listen(_, isNew: true) = request else { return nil }
        return UpdateMark(position: Self.here)
    }

    // MARK: - What the server says

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let whole: Bytes?
        do throws(RealtimeAssembler.Failure) {
            whole = try self.assembler.take(message.payload)
        } catch {
            throw Self.violation(error)
        }
        guard let whole else { return .nothing(note: nil) }
        guard let message = RealtimeMessage(whole) else { throw Self.violation("a message that is none of it") }
        switch message {
        case .hello(let hello): return self.greeted(hello)
        case .reset(let host):
            self.memory.host = host
            return .refused(FreshetError(.interrupted, "the server sends its clients to another host"))
        case .shutdown(let reason):
            return .refused(
                FreshetError(.operationFailed(payload: []), "the server wants no connections: \(reason.prefix(200))")
            )
        case .error(let text): return .nothing(note: "the server says: \(text.prefix(120))")
        case .ping: return .reply(RealtimeCommand.pong)
        case .pong: return self.answered()
        case .reply(let number, let reply): return self.replied(number, reply)
        case .push(let action, let body): return try self.pushed(action, body)
        case .other(let what): return .nothing(note: "the server sent \(what)")
        }
    }

    private mutating func greeted(_ hello: RealtimeHello) -> SourceEvent {
        if !hello.session.isEmpty { self.memory.session = hello.session }
        if self.keepsHost { self.memory.host = hello.host }
        guard !self.isReady, let token = self.token else {
            self.isReady = true
            return .ready
        }
        // Tokens of a user are JSON Web Tokens with a time; others are of Google's own accounts.
        let isUser = (try? JSONWebToken(token))?.claims["iat"] != nil
        let number = self.memory.nextNumber()
        self.pending[number] = .authentication
        let body = RealtimeJSON.text(["cred": .string(token)])
        return .reply(RealtimeCommand(number, isUser ? "auth" : "gauth", body).message)
    }

    /// A ping says nothing but that there is somebody: time to serve who came late to a place.
    private mutating func answered() -> SourceEvent {
        guard self.isReady else {
            self.isReady = true
            return .ready
        }
        var events: [SourceEvent] = []
        for (target, listen) in self.listens where listen.isComplete && !listen.waiting.isEmpty {
            events += self.serve(target)
        }
        return .several(events)
    }

    private mutating func replied(_ number: Int64, _ reply: RealtimeReply) -> SourceEvent {
        switch self.pending.removeValue(forKey: number) {
        case .authentication?:
            guard !reply.isOK else {
                self.isReady = true
                return .ready
            }
            let words = reply.words.isEmpty ? "" : ": \(reply.words.prefix(200))"
            return .refused(
                FreshetError(.unauthorized, "the server does not accept the token (\(reply.status.prefix(64)))\(words)")
            )
        case .listen(let target)?: return self.listened(target, reply)
        case .answer(let id, let what)?:
            guard reply.isOK else { return .failed(id, reply.error(of: what)) }
            return .update(id, reply.data ?? Bytes(copying: "null".utf8))
        // What was not waited for, or not any more.
        case nil: return .nothing(note: nil)
        }
    }

    static func violation(_ failure: RealtimeAssembler.Failure) -> SourceViolation {
        switch failure {
        case .malformed(let what): Self.violation(what)
        case .tooLarge(let limit): Self.violation("a message of more than \(limit) bytes", .messageTooLarge, code: 1008)
        }
    }

    static func violation(
        _ what: String,
        _ kind: FreshetError.Kind = .protocolViolation,
        code: UInt16 = 1002
    ) -> SourceViolation {
        SourceViolation(
            code: code,
            reason: what,
            error: FreshetError(
                kind,
                "the server broke the protocol of the Realtime Database: \(what)",
                hint: "check that the URL is that of a Realtime Database"
            )
        )
    }
}

extension Credentials {
    /// The token among them: in the parameters, or as a bearer's.
    var token: String? {
        if case .object(let parameters)? = self.parameters, case .string(let token)? = parameters["token"] {
            return token
        }
        let header = self.headers.first { $0.name.lowercased() == "authorization" }?.value ?? ""
        return header.lowercased().hasPrefix("bearer ") ? String(header.dropFirst("bearer ".count)) : nil
    }
}
