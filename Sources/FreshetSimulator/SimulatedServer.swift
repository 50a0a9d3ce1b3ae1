// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A server of numbered events, one log for each topic, that speaks graphql-transport-ws.
///
/// `live` begins now, `cursor` after an event (or with it), `numbered` as well, but carelessly, `after` after it, `state` asks for the number of the last event, `add` executes something.
final class SimulatedServer {
    private struct Subscription {
        let topic: Int
        var isNumbered = false
        /// An event that changes places with the next one.
        var held: Int?
    }

    private final class Session {
        let connection: SimulatedConnection
        var acknowledged = false
        var subscriptions: [String: Subscription] = [:]
        /// The end of the token that it began with.
        var expiry: Duration?

        init(_ connection: SimulatedConnection) { self.connection = connection }
    }

    private let clock: SimulatedClock
    private let chance: Chance
    private let isInclusive: Bool
    /// In one of so many numbered events something is wrong; 0: never.
    private var carelessness: Int
    private var sessions: [UInt64: Session] = [:]
    /// The number of each topic's last event, and of the oldest that it still has.
    private(set) var last: [Int]
    private(set) var oldest: [Int]
    /// Which mutations were executed, and how often.
    private(set) var executed: [Int: Int] = [:]
    private(set) var isUp = true
    /// Connections are not acknowledged.
    var isMute = false
    /// The next so many connections are refused as unauthorized, whatever their token.
    var refusals = 0
    /// Subscriptions that got a message which makes no sense.
    private(set) var broken: Set<String> = []
    private(set) var peak = 0

    init(scenario: Scenario, clock: SimulatedClock, chance: Chance) {
        self.clock = clock
        self.chance = chance
        self.isInclusive = scenario.isInclusive
        self.carelessness = scenario.carelessness
        self.last = Array(repeating: 0, count: scenario.topics)
        self.oldest = Array(repeating: 1, count: scenario.topics)
    }

    var openConnections: Int { self.sessions.count }
    var openSubscriptions: Int { self.sessions.values.reduce(0) { $0 + $1.subscriptions.count } }

    // MARK: - Connections

    func accept(_ connection: SimulatedConnection) {
        let session = Session(connection)
        self.sessions[connection.epoch] = session
        // Those that are on their way out do not count.
        self.peak = max(self.peak, self.sessions.values.count { !$0.connection.isDead && !$0.connection.isClosing })
        connection.onServerText = { [unowned self, unowned session] text in self.received(text, session) }
        connection.onServerEnd = { [unowned self] in self.sessions[connection.epoch] = nil }
    }

    func stop() {
        self.isUp = false
        self.endAll(.failure(FreshetError(.closed(code: 1006), "the server was stopped")), losingTexts: true)
    }

    func start() { self.isUp = true }

    func endAll(_ end: ConnectionEnd, losingTexts: Bool) {
        for epoch in self.sessions.keys.sorted() {
            self.sessions[epoch]?.connection.serverCloses(end, losingTexts: losingTexts)
        }
    }

    func goSilent() {
        for session in self.sessions.values { session.connection.isDead = true }
    }

    // MARK: - Events

    func publish(_ topic: Int) {
        self.last[topic] += 1
        for epoch in self.sessions.keys.sorted() {
            guard let session = self.sessions[epoch] else { continue }
            for (id, subscription) in session.subscriptions.sorted(by: { $0.key < $1.key })
            where subscription.topic == topic {
                self.send(id, topic, self.last[topic], session)
            }
        }
    }

    /// One event of a subscription, or what a careless server makes of it.
    private func send(_ id: String, _ topic: Int, _ number: Int, _ session: Session) {
        guard let subscription = session.subscriptions[id] else { return }
        var numbers = [number]
        if subscription.isNumbered, self.carelessness > 0, self.chance.below(self.carelessness) == 0 {
            switch self.chance.below(4) {
            case 0: numbers = [number, number]
            case 1: numbers = []
            case 2: numbers = [max(number - 1 - self.chance.below(10), 1), number]
            default:
                if subscription.held == nil {
                    session.subscriptions[id]?.held = number
                    return
                }
            }
        }
        if let held = subscription.held {
            numbers.append(held)
            session.subscriptions[id]?.held = nil
        }
        for number in numbers { session.connection.serverSends(Self.next(id, topic, number)) }
    }

    /// From now on nothing is wrong; one more event shows what was missing at the end.
    func takeCare() {
        self.carelessness = 0
        for topic in self.last.indices { self.publish(topic) }
    }

    func forget(_ topic: Int, keeping count: Int) {
        self.oldest[topic] = max(self.oldest[topic], self.last[topic] - count + 1)
    }

    /// Sends something senseless to one subscription.
    func breakOne() {
        for epoch in self.sessions.keys.sorted() {
            guard let session = self.sessions[epoch], let id = session.subscriptions.keys.sorted().first else {
                continue
            }
            self.broken.insert(id)
            return session.connection.serverSends(#"{"id":"\#(id)","type":"next","payload":[]}"#)
        }
    }

    private static func next(_ id: String, _ topic: Int, _ number: Int) -> String {
        #"{"id":"\#(id)","type":"next","payload":\#(Self.payload(topic, number))}"#
    }

    static func payload(_ topic: Int, _ number: Int) -> String { #"{"data":{"e":{"t":\#(topic),"n":\#(number)}}}"# }

    // MARK: - What clients say

    private static let typePath = JSONPath("type")
    private static let idPath = JSONPath("id")
    private static let queryPath = JSONPath("payload.query")
    private static let topicPath = JSONPath("payload.variables.topic")
    private static let afterPath = JSONPath("payload.variables.after")
    private static let expiryPath = JSONPath("payload.expiry")

    private func received(_ text: String, _ session: Session) {
        let bytes = Bytes(copying: text.utf8)
        guard case .string(let type)? = Self.typePath.value(in: bytes) else { return }
        switch type {
        case "connection_init":
            if case .integer(let milliseconds)? = Self.expiryPath.value(in: bytes) {
                session.expiry = .milliseconds(milliseconds)
            }
            self.greet(session)
        case "ping":
            session.connection.serverSends(#"{"type":"pong"}"#)
        case "subscribe":
            guard case .string(let id)? = Self.idPath.value(in: bytes) else { return }
            self.subscribe(id, bytes, session)
        case "complete":
            if case .string(let id)? = Self.idPath.value(in: bytes) { session.subscriptions[id] = nil }
        default:
            break
        }
    }

    private func greet(_ session: Session) {
        guard !self.isMute else { return }
        let isExpired = session.expiry.map { $0 + Self.grace < self.clock.now } ?? false
        if self.refusals > 0 || isExpired {
            self.refusals = max(self.refusals - 1, 0)
            return session.connection.serverCloses(.closeFrame(code: 4403, reason: "Forbidden"), losingTexts: false)
        }
        session.acknowledged = true
        session.connection.serverSends(#"{"type":"connection_ack"}"#)
        // Whose token expires is thrown out, a little later.
        guard let expiry = session.expiry else { return }
        self.clock.after(expiry + Self.grace - self.clock.now) { [weak session] in
            session?.connection.serverCloses(.closeFrame(code: 4401, reason: "expired"), losingTexts: false)
        }
    }

    /// What a token is good for after its end, since messages take their time.
    static let grace = Duration.seconds(2)

    private func subscribe(_ id: String, _ bytes: Bytes, _ session: Session) {
        guard session.acknowledged else {
            return session.connection.serverCloses(
                .closeFrame(code: 4401, reason: "not acknowledged"),
                losingTexts: false
            )
        }
        guard session.subscriptions[id] == nil else {
            return session.connection.serverCloses(.closeFrame(code: 4409, reason: "exists"), losingTexts: false)
        }
        guard case .string(let query)? = Self.queryPath.value(in: bytes),
            case .integer(let number)? = Self.topicPath.value(in: bytes)
        else { return }
        let topic = Int(number)
        switch query {
        case "live":
            session.subscriptions[id] = Subscription(topic: topic)
        case "numbered":
            session.subscriptions[id] = Subscription(topic: topic, isNumbered: true)
            self.replay(id, topic, after: Self.afterPath.value(in: bytes), isInclusive: self.isInclusive, session)
        case "cursor":
            session.subscriptions[id] = Subscription(topic: topic)
            self.replay(id, topic, after: Self.afterPath.value(in: bytes), isInclusive: self.isInclusive, session)
        case "after":
            session.subscriptions[id] = Subscription(topic: topic)
            self.replay(id, topic, after: Self.afterPath.value(in: bytes), isInclusive: false, session)
        case "state":
            session.connection.serverSends(Self.next(id, topic, self.last[topic]))
            session.connection.serverSends(#"{"id":"\#(id)","type":"complete"}"#)
        default:
            self.executed[topic, default: 0] += 1
            session.connection.serverSends(Self.next(id, 0, topic))
            session.connection.serverSends(#"{"id":"\#(id)","type":"complete"}"#)
        }
    }

    private func replay(
        _ id: String,
        _ topic: Int,
        after: JSONValue?,
        isInclusive: Bool,
        _ session: Session
    ) {
        guard case .integer(let after)? = after else { return }
        let first = Int(after) + (isInclusive ? 0 : 1)
        guard Int(after) + 1 >= self.oldest[topic] else {
            session.subscriptions[id] = nil
            let error = #"[{"message":"the history before \#(self.oldest[topic]) is gone"}]"#
            return session.connection.serverSends(#"{"id":"\#(id)","type":"error","payload":\#(error)}"#)
        }
        for number in stride(from: max(first, 1), through: self.last[topic], by: 1) {
            self.send(id, topic, number, session)
        }
    }
}

extension JSONPath {
    fileprivate func value(in json: Bytes) -> JSONValue? { self.find(in: json).flatMap { JSONValue(scalar: $0) } }
}
