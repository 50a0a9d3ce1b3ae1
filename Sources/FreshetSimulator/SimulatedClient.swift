// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport

/// What the actor is in life: it carries out what the engine decides, on a virtual network.
final class SimulatedClient {
    typealias Engine = SubscriptionEngine<SimulatedSource>

    let clock: SimulatedClock
    let server: SimulatedServer
    let mutation: Mutation?
    /// In 0..<1, and between two times.
    let chance: () -> Double
    let latency: () -> Duration
    private var engine: Engine
    private(set) var consumers: [UInt64: SimulatedConsumer] = [:]
    private var oneShots: [UInt64: SimulatedOneShot] = [:]
    private(set) var links: [Engine.Epoch: SimulatedConnection] = [:]
    /// A timer that was started again or stopped has another number when it comes.
    private var timers: [Engine.Timer: Int] = [:]
    private var lastTimer = 0
    private var asking: Set<Engine.Epoch> = []
    var fetching: [SubscriptionID: UInt64] = [:]
    private var lastConsumer: UInt64 = 0

    // What the network, the REST server and the provider of credentials do now.
    var refusesUntil: Duration = .zero
    var hangsUntil: Duration = .zero
    var providerFailsUntil: Duration = .zero
    var restFailsUntil: Duration = .zero
    /// With which status upgrades are answered, and until when.
    var refusal: (status: Int, until: Duration) = (0, .zero)
    var hasRefused = false
    let longestWait: Duration
    var tokenLifetime: Duration?
    private var tokenExpiry: [Engine.Epoch: Duration] = [:]

    /// What must never be.
    private(set) var violations: [String] = []
    private(set) var dials: [Duration] = []
    private(set) var state = ConnectionState.idle
    private(set) var attempts = 0
    private var sentMutations: [String] = []

    init(
        scenario: Scenario,
        clock: SimulatedClock,
        server: SimulatedServer,
        mutation: Mutation?,
        chance: @escaping () -> Double
    ) {
        self.clock = clock
        self.server = server
        self.mutation = mutation
        self.chance = chance
        self.latency = { scenario.latency * chance() }
        self.tokenLifetime = scenario.tokenLifetime
        self.longestWait = scenario.policy.backoff.cap
        let hasCredentials = scenario.tokenLifetime != nil
        self.engine = Engine(source: SimulatedSource(), policy: scenario.policy, hasCredentials: hasCredentials)
        self.handle(.start)
    }

    var isIdle: Bool { self.engine.isIdle && self.links.isEmpty && self.asking.isEmpty && self.fetching.isEmpty }
    var armedTimers: [Engine.Timer] { Array(self.timers.keys) }

    func nextConsumer() -> UInt64 {
        self.lastConsumer += 1
        return self.lastConsumer
    }

    func open(_ consumer: SimulatedConsumer) {
        self.consumers[consumer.id] = consumer
        let variables: [String: JSONValue] = ["topic": .integer(Int64(consumer.topic))]
        var request = GraphQLRequest(query: consumer.kind.query, variables: variables)
        request.positionPath = consumer.kind == .live ? nil : "data.e.n"
        request.keyPath = consumer.kind == .snapshot ? "data.e.t" : nil
        request.cursorVariable = [.cursor, .numbered, .list].contains(consumer.kind) ? "after" : nil
        let recovery: Recovery =
            switch consumer.kind {
            case .live: .none
            case .cursor: .position(overlap: consumer.id.isMultiple(of: 3) ? 2 : 0)
            case .numbered: .numbered
            case .snapshot: .snapshot
            case .list: .list
            }
        self.handle(.open(consumer.id, .init(request, recovery: recovery, isPollable: consumer.isPollable)))
    }

    func ask(_ query: String, _ topic: Int, _ kind: OperationKind, _ oneShot: SimulatedOneShot) -> UInt64 {
        let id = self.nextConsumer()
        self.oneShots[id] = oneShot
        var request = GraphQLRequest(query: query, variables: ["topic": .integer(Int64(topic))])
        request.kind = kind
        self.handle(.open(id, .init(request, isShared: false)))
        return id
    }

    func leave(_ id: UInt64) {
        self.oneShots[id] = nil
        self.consumers[id]?.hasLeft = true
        self.handle(.leave(id))
    }

    func hint(_ hint: ConnectionHint) { self.handle(.hint(hint)) }
    func close() { self.handle(.close) }

    func note(_ violation: String) { self.violations.append(violation) }

    // MARK: - The engine

    func handle(_ event: Engine.Event) {
        self.trace("──▶", event)
        for action in self.engine.on(event, at: self.clock.now, jitter: self.chance()) { self.perform(action) }
        if self.links.values.count(where: { $0.state == .dialing }) > 2 { self.note("three attempts at once") }
    }

    /// Says what happens, for a person who looks for what is wrong with a seed.
    private func trace(_ arrow: String, _ what: some Any) {
        guard Self.traces else { return }
        print("\(self.clock.now) \(arrow) \(Trace.text(of: what))")
    }

    private static let traces = CommandLine.arguments.contains("--trace")

    private func perform(_ action: Engine.Action) {
        self.trace("   ", action)
        switch action {
        case .askCredentials(let epoch, _): self.askProvider(epoch)
        case .dropCredentials(let epoch): self.asking.remove(epoch)
        case .dial(let epoch, let credentials): self.dial(epoch, credentials)
        case .send(let epoch, let message): self.send(message.text, on: epoch)
        case .pauseReading(let epoch): self.links[epoch]?.isPaused = true
        case .resumeReading(let epoch): self.links[epoch]?.isPaused = false
        case .probe: break  // nothing to ask: a dead link is noticed by its own script
        case .close(let epoch, _, let end): self.links[epoch]?.clientCloses(as: end)
        case .abandon(let epoch, let end): self.links[epoch]?.clientAbandons(end)
        case .deliver(let ids, let items):
            for id in ids { self.deliver(self.mutation?.changing(items) ?? items, to: id) }
        case .finish(let id, let end): self.finish(id, end)
        case .fetch(let id, let number, let request, let consumer):
            self.fetch(id, request, consumer) { .fetched(id, number, $0) }
        case .poll(let id, let number, let request, let consumer):
            self.fetch(id, request, consumer) { .polled(id, number, $0) }
        case .cancelFetch(let id):
            if let oneShot = self.fetching.removeValue(forKey: id) { self.leave(oneShot) }
        case .start(let timer, let delay): self.start(timer, delay)
        case .stop(let timer): self.timers[timer] = nil
        case .report(let state):
            self.state = state
            if case .connecting = state { self.attempts += 1 }
        case .connected, .note: break
        }
    }

    private func start(_ timer: Engine.Timer, _ delay: Duration) {
        self.lastTimer += 1
        let number = self.lastTimer
        self.timers[timer] = number
        self.clock.after(delay) { [unowned self] in
            guard self.timers[timer] == number else { return }
            self.timers[timer] = nil
            self.handle(.fired(timer))
        }
    }

    // MARK: - Connections

    private func askProvider(_ epoch: Engine.Epoch) {
        if !self.asking.isEmpty { self.violations.append("the provider was asked twice at once") }
        self.asking.insert(epoch)
        self.clock.after(.milliseconds(200) * self.chance()) { [unowned self] in
            guard self.asking.remove(epoch) != nil else { return }
            guard self.clock.now >= self.providerFailsUntil else {
                return self.handle(.credentialsFailed(epoch, FreshetError(.unreachable, "no provider")))
            }
            let lifetime = self.tokenLifetime ?? .seconds(60)
            let expiry = self.clock.now + lifetime
            self.tokenExpiry[epoch] = expiry
            let (seconds, attoseconds) = expiry.components
            let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
            let parameters: JSONValue = ["expiry": .integer(milliseconds)]
            self.handle(.credentials(epoch, Credentials(parameters: parameters, lifetime: lifetime)))
        }
    }

    private func dial(_ epoch: Engine.Epoch, _ credentials: Credentials?) {
        self.dials.append(self.clock.now)
        let link = SimulatedConnection(epoch: epoch, clock: self.clock, latency: self.latency)
        link.onClientTexts = { [unowned self] texts in self.heard(texts, epoch) }
        link.onClientEnd = { [unowned self] end in
            self.links[epoch] = nil
            self.handle(.ended(epoch, end))
        }
        self.links[epoch] = link
        self.clock.after(self.latency() * 2) { [unowned self] in self.connect(link) }
    }

    private func connect(_ link: SimulatedConnection) {
        guard link.state == .dialing, self.links[link.epoch] != nil else { return }
        if let error = self.refusalOfUpgrade() { return link.serverCloses(.failure(error), losingTexts: true) }
        if self.clock.now < self.hangsUntil {
            return self.clock.after(.seconds(10)) {
                link.serverCloses(.failure(FreshetError(.timeout(.connect), "nobody answers")), losingTexts: true)
            }
        }
        guard self.server.isUp, self.clock.now >= self.refusesUntil else {
            let error = FreshetError(.unreachable, "connection refused")
            return link.serverCloses(.failure(error), losingTexts: true)
        }
        link.opened()
        self.server.accept(link)
        self.handle(.opened(link.epoch, subprotocol: "graphql-transport-ws"))
    }

    private func send(_ text: String, on epoch: Engine.Epoch) {
        if text.contains("connection_init"), let expiry = self.tokenExpiry[epoch], expiry < self.clock.now {
            self.violations.append("a token was sent after its end")
        }
        if self.mutation == .leakedSubscription, text.contains(#""type":"complete""#) { return }
        self.links[epoch]?.clientSends(self.mutation == .cursorOffByOne ? Self.cursorMoved(text) : text)
        guard self.mutation == .mutationSentTwice else { return }
        if text.contains("connection_init") {
            let again = self.sentMutations
            self.sentMutations = []
            let link = self.links[epoch]
            self.clock.after(.seconds(2)) { for text in again { link?.clientSends(text) } }
        } else if text.contains(#""query":"add""#) {
            self.sentMutations.append(text.replacing(#""id":""#, with: #""id":"9"#))
        }
    }

    private static func cursorMoved(_ text: String) -> String {
        guard let range = text.firstRange(of: #""after":"#) else { return text }
        let digits = text[range.upperBound...].prefix { $0.isNumber }
        guard let number = Int(digits) else { return text }
        return text[..<range.upperBound] + String(number + 1) + text[digits.endIndex...]
    }

    private func heard(_ texts: [String], _ epoch: Engine.Epoch) {
        // What an ended attempt says is dropped; with the bug it counts as the present one's.
        let counted = self.mutation == .oldSocketSpeaks ? self.links.keys.max() ?? epoch : epoch
        self.handle(.messages(counted, [MessageBatch(texts: texts)]))
    }

    // MARK: - Delivering

    private func deliver(_ items: [FeedItem], to id: UInt64) {
        if let oneShot = self.oneShots[id] {
            if case .update(let bytes)? = items.first { oneShot.result = bytes }
            return
        }
        guard let consumer = self.consumers[id], !consumer.hasLeft else { return }
        let isOneGap = items.count == 1 && !items[0].isDroppable
        let appended =
            isOneGap
            ? consumer.buffer.appendMerging(items[0])
            : consumer.buffer.append(items, bytes: items.reduce(0) { $0 + $1.byteCount })
        self.schedule(consumer)
        switch appended {
        case .taken: break
        case .full: self.handle(.full(id))
        case .overflowed: self.handle(.leave(id))
        }
    }

    private func schedule(_ consumer: SimulatedConsumer) {
        guard !consumer.isScheduled, !consumer.hasLeft else { return }
        consumer.isScheduled = true
        self.clock.after(consumer.pace()) { [unowned self] in
            consumer.isScheduled = false
            self.drain(consumer)
        }
    }

    func drain(_ consumer: SimulatedConsumer) {
        // As an iterator does: an error is thrown once, and after the end nothing is asked for.
        guard !consumer.hasLeft, !consumer.isOver else { return }
        switch consumer.buffer.take() {
        case .batch(let items, let resume):
            consumer.note(self.mutation?.changingTaken(items) ?? items)
            if resume { self.handle(.drained(consumer.id)) }
            if !consumer.buffer.isWaitedFor { self.schedule(consumer) }
        case .end(let end): consumer.ended(end)
        case .empty: break
        }
    }

    private func finish(_ id: UInt64, _ end: DeliveryBuffer<FeedItem>.End) {
        if let oneShot = self.oneShots.removeValue(forKey: id) { return oneShot.ended(end) }
        guard let consumer = self.consumers[id] else { return }
        consumer.buffer.finish(end)
        self.schedule(consumer)
    }
}
