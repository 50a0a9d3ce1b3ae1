// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport

/// One connected client of an `EmbeddedServer`, on the server's loop: its session, and what it is being sent.
final class EmbeddedClient {
    private struct Running {
        let plan: EmbeddedSchema.Plan
        var next = 1
        var timer: UInt64?

        var isOver: Bool { self.plan.last.map { self.next > $0 } ?? false }
    }

    private let peer: WebSocketPeer
    private let loop: EventLoop
    private var session = GraphQLServerSession()
    /// Answers wait here while the client does not take them, before any value.
    private var answers: [String] = []
    private var running: [String: Running] = [:]
    private var stalled = false
    /// Values handed out so far.
    private(set) var sent = 0

    init(_ peer: WebSocketPeer, on loop: EventLoop) {
        self.peer = peer
        self.loop = loop
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
    }

    private func stop(_ id: String) {
        if let timer = self.running.removeValue(forKey: id)?.timer { self.loop.cancel(timer: timer) }
    }

    private func perform(_ actions: [GraphQLServerSession.Action]) {
        for action in actions {
            switch action {
            case .send(let text): self.answers.append(text)
            case .start(let id, let plan): self.start(id, plan)
            case .stop(let id): self.stop(id)
            case .close(let code, let reason): self.peer.close(code: code, reason: reason)
            }
        }
        self.pump()
    }

    private func start(_ id: String, _ plan: EmbeddedSchema.Plan) {
        self.running[id] = Running(plan: plan)
        if plan.interval != nil { self.tick(id) }
    }

    /// One value of a timed subscription, and the timer for the next.
    private func tick(_ id: String) {
        guard var entry = self.running[id], let interval = entry.plan.interval else { return }
        if entry.isOver {
            self.running[id] = nil
            return self.perform(self.session.finished(id))
        }
        entry.timer = self.loop.schedule(after: interval) { [weak self] in self?.tick(id) }
        self.running[id] = entry
        if let text = self.nextMessage(id) { self.answers.append(text) }
        self.pump()
    }

    private func nextMessage(_ id: String) -> String? {
        guard let entry = self.running[id] else { return nil }
        self.running[id]?.next += 1
        self.sent += 1
        let payload = entry.plan.payload(entry.next, at: Date())
        return #"{"id":"\#(id)","type":"next","payload":\#(payload)}"#
    }

    /// Sends while the client takes it: answers first, then values of subscriptions without a pace.
    private func pump() {
        guard !self.stalled else { return }
        while self.peer.isOpen {
            guard let text = self.answers.first ?? self.nextFast() else { return }
            guard self.peer.canSend else {
                if self.answers.isEmpty { self.answers.append(text) }
                return self.peer.wantWritable()
            }
            if !self.answers.isEmpty { self.answers.removeFirst() }
            self.peer.send(Array(text.utf8))
        }
    }

    private func nextFast() -> String? {
        for (id, entry) in self.running where entry.plan.interval == nil {
            guard entry.isOver else { return self.nextMessage(id) }
            self.running[id] = nil
            for case .send(let text) in self.session.finished(id) { return text }
        }
        return nil
    }
}
