// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport

/// One connected client of an `EmbeddedServer`, on the server's loop: its session, and what it is being sent.
final class EmbeddedClient {
    private struct Running {
        let plan: EmbeddedPlan
        var next: Int
        var timer: UInt64?

        var isOver: Bool { self.plan.last.map { self.next > $0 } ?? false }
    }

    /// How often it is looked what is new in the log.
    private static let look: Duration = .milliseconds(2)
    /// How many messages are sent before others have their turn, and it is looked what the client says.
    private static let burst = 256
    /// How long a token may have expired before its connection is closed.
    private static let grace: Duration = .milliseconds(250)

    private let peer: WebSocketPeer
    private let loop: EventLoop
    private let log: EmbeddedLog
    private let tokens: ExpiringTokens?
    private let wantsTokens: Bool
    private let forgotten: () -> Int
    private let onEvent: (EmbeddedServer.Event) -> Void
    private var session = GraphQLServerSession()
    /// Answers wait here while the client does not take them, before any value.
    private var answers: [String] = []
    private var running: [String: Running] = [:]
    /// Those of them that have no timer, in the order in which they come to their turn.
    private var untimed: [String] = []
    private var turn = 0
    private var stalled = false
    private var token: String?
    private var expiry: ContinuousClock.Instant?
    private var expiryTimer: UInt64?
    private var lookTimer: UInt64?
    /// Values handed out so far.
    private(set) var sent = 0
    /// Requests that came with a token that was not good, or no longer.
    private(set) var expired = 0

    /// - Parameters:
    ///   - peer: its connection.
    ///   - loop: where it lives.
    ///   - log: of the server.
    ///   - tokens: those that it may show.
    ///   - wantsTokens: whether it has to.
    ///   - forgotten: up to which element cursors are not known any more.
    ///   - onEvent: hears of subscriptions to `events`, and of tokens that are not good.
    init(
        _ peer: WebSocketPeer,
        on loop: EventLoop,
        log: EmbeddedLog,
        tokens: ExpiringTokens?,
        wantsTokens: Bool,
        forgotten: @escaping () -> Int,
        onEvent: @escaping (EmbeddedServer.Event) -> Void
    ) {
        self.peer = peer
        self.loop = loop
        self.log = log
        self.tokens = tokens
        self.wantsTokens = wantsTokens
        self.forgotten = forgotten
        self.onEvent = onEvent
        peer.onMessage = { [weak self] text in self.map { $0.perform($0.session.received(text)) } }
        peer.onWritable = { [weak self] in self?.pump() }
        if peer.subprotocol != "graphql-transport-ws" {
            peer.close(code: 4406, reason: "Subprotocol not acceptable")
        }
    }

    func stall(_ stalled: Bool) {
        self.stalled = stalled
        self.peer.read(!stalled)
        if !stalled { self.pump() }
    }

    func drop() {
        self.stop()
        self.peer.drop()
    }

    func stop() {
        for id in self.running.keys { self.stop(id) }
        for case let timer? in [self.expiryTimer, self.lookTimer] { self.loop.cancel(timer: timer) }
        (self.expiryTimer, self.lookTimer) = (nil, nil)
    }

    private func stop(_ id: String) {
        guard let entry = self.running.removeValue(forKey: id) else { return }
        if let timer = entry.timer { self.loop.cancel(timer: timer) }
        self.untimed.removeAll { $0 == id }
    }

    private func perform(_ actions: [GraphQLServerSession.Action]) {
        for action in actions {
            switch action {
            case .send(let text): self.answers.append(text)
            case .acknowledge(let token): self.acknowledge(token)
            case .start(let id, let plan): self.start(id, plan)
            case .stop(let id): self.stop(id)
            case .close(let code, let reason): self.peer.close(code: code, reason: reason)
            }
        }
        self.pump()
    }

    // MARK: - Tokens

    private func acknowledge(_ token: String?) {
        if let tokens = self.tokens, self.wantsTokens || token != nil {
            guard let expiry = tokens.expiry(of: token), expiry > .now else {
                self.expired += 1
                self.onEvent(.refused(token: token ?? ""))
                return self.peer.close(code: 4403, reason: "Forbidden")
            }
            self.token = token
            self.expiry = expiry
            self.closeAtExpiry()
        }
        self.answers.append(#"{"type":"connection_ack"}"#)
    }

    private func closeAtExpiry() {
        guard let expiry = self.expiry else { return }
        if let timer = self.expiryTimer { self.loop.cancel(timer: timer) }
        self.expiryTimer = self.loop.schedule(after: max(expiry - .now, .zero) + Self.grace) { [weak self] in
            guard let self, self.peer.isOpen else { return }
            self.expired += 1
            self.onEvent(.refused(token: self.token ?? ""))
            self.peer.close(code: 4403, reason: "Token expired")
        }
    }

    /// Tokens may have ended before their time.
    func checkToken() {
        guard let token = self.token else { return }
        self.expiry = self.tokens?.expiry(of: token)
        self.closeAtExpiry()
    }

    // MARK: - Values

    /// So many elements of `events` come again, of those with such names.
    func rewind(by count: Int, where isMeant: (String) -> Bool) {
        for (id, entry) in self.running where isMeant(entry.plan.name ?? "") {
            if case .log(_, let every) = entry.plan.pace {
                self.running[id]?.next = max(every, entry.next - count * every)
            }
        }
    }

    private func start(_ id: String, _ plan: EmbeddedPlan) {
        if let expiry = self.expiry, expiry <= .now { self.expired += 1 }
        if case .log(let after?, _) = plan.pace, after < self.forgotten() {
            self.answers.append(
                #"{"id":"\#(id)","type":"error","payload":[{"message":"The cursor \#(after) is no longer known."}]}"#
            )
            self.session.refused(id)
            return
        }
        let first = plan.first(of: self.log)
        if case .log(_, let every) = plan.pace, let name = plan.name {
            self.onEvent(.subscribed(name: name, after: first - every))
        }
        self.running[id] = Running(plan: plan, next: first)
        switch plan.pace {
        case .timed(let interval): self.tick(id, interval)
        case .asTaken: self.untimed.append(id)
        case .log:
            self.untimed.append(id)
            if self.lookTimer == nil { self.lookAgain() }
        }
    }

    /// One value of a timed subscription, and the timer for the next.
    private func tick(_ id: String, _ interval: Duration) {
        guard var entry = self.running[id] else { return }
        if entry.isOver {
            self.running[id] = nil
            return self.perform(self.session.finished(id))
        }
        entry.timer = self.loop.schedule(after: interval) { [weak self] in self?.tick(id, interval) }
        self.running[id] = entry
        if let text = self.nextMessage(id) { self.answers.append(text) }
        self.pump()
    }

    /// The log does not say when it goes on.
    private func lookAgain() {
        self.lookTimer = nil
        guard !self.untimed.isEmpty, self.peer.isOpen else { return }
        self.lookTimer = self.loop.schedule(after: Self.look) { [weak self] in self?.lookAgain() }
        self.pump()
    }

    private func nextMessage(_ id: String) -> String? {
        guard let entry = self.running[id] else { return nil }
        self.running[id]?.next = entry.plan.next(after: entry.next)
        self.sent += 1
        return #"{"id":"\#(id)","type":"next","payload":"# + entry.plan.payload(entry.next, at: Date()) + "}"
    }

    /// Sends while the client takes it: answers first, then values of subscriptions without a pace.
    private func pump() {
        guard !self.stalled else { return }
        let newest = self.untimed.isEmpty ? 0 : self.log.last()
        var sent = 0
        while self.peer.isOpen {
            guard sent < Self.burst else { return self.peer.wantWritable() }
            guard let text = self.answers.first ?? self.nextUntimed(newest) else { return }
            guard self.peer.canSend else {
                if self.answers.isEmpty { self.answers.append(text) }
                return self.peer.wantWritable()
            }
            if !self.answers.isEmpty { self.answers.removeFirst() }
            self.peer.send(Array(text.utf8))
            sent += 1
        }
    }

    /// One value of the next of those that have something to say.
    private func nextUntimed(_ newest: Int) -> String? {
        for _ in self.untimed.indices {
            self.turn = self.turn + 1 < self.untimed.count ? self.turn + 1 : 0
            let id = self.untimed[self.turn]
            guard let entry = self.running[id] else { continue }
            guard entry.isOver else {
                if entry.plan.isThere(entry.next, newest: newest) { return self.nextMessage(id) }
                continue
            }
            self.stop(id)
            for case .send(let text) in self.session.finished(id) { return text }
        }
        return nil
    }
}
