// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// One ordered consumer: what JetStream says of it and what it delivers, and what that means for the subscription that it serves.
///
/// ```
///   creating ── created ──▶ checking ── stream's state ──┬─▶ filling ── nothing is left ──▶ live      (documents)
///                           (deliveries wait)            └─▶ live                                     (messages)
/// ```
///
/// The stream is looked at after the consumer was made, so that it cannot be made anew in between without being noticed. Deliveries
/// may come before either answer. The numbers of the consumer have no holes; those of the stream may have any.
///
/// An answer is waited for until the server has spoken twice without it, or 10 s without a word that means anything: what only waits
/// is no sign of life.
struct NATSConsumer: Sendable {
    enum Phase { case creating, checking, filling, live }

    /// What there is to say of the subscription, and whether that is the last of this consumer.
    struct Outcome {
        var events: [SourceEvent] = []
        var isOver = false
        /// Whether the state of the stream is to be asked for again.
        var looksAgain = false

        static func over(_ event: SourceEvent) -> Outcome { Outcome(events: [event], isOver: true) }
    }

    static let heartbeat: Duration = .seconds(5)

    let id: SubscriptionID
    let consumption: NATSConsumption
    /// What it goes on after.
    let resumed: NATSPosition?
    /// Whether its feed has lived before.
    let isRenewed: Bool
    /// The most that a state may be, in bytes.
    let stateLimit: Int
    /// The most that may wait for an answer, in bytes.
    let heldLimit: Int
    private(set) var phase = Phase.creating

    /// What came before it was known what it means.
    var held: [(frame: NATSFrame, delivery: NATSDelivery)] = []
    var heldBytes = 0
    /// How much of that had come when the stream's state was asked for; nil: no answer is on its way.
    var asked: Int?
    /// How often the server has spoken since it was asked.
    private var unanswered = 0

    /// The state so far: the server's description of the stream, then messages, as they came.
    // Not a part of the value, which the engine copies for each read: it would be copied as often as it grows.
    let state = Locked<[UInt8]>([])
    /// How many messages there were to deliver at first.
    private(set) var initial: UInt64 = 0
    /// With what the stream ended when it was looked at again.
    var end: UInt64?
    /// The number of the last message of the state so far.
    var delivered: UInt64 = 0
    var looks = 0
    /// How much of the state has come since it was said that it is on its way, in bytes.
    var unspoken = 0

    private(set) var start: UInt64?
    /// Where the feed stands, if that is known.
    var last: NATSPosition
    var isPlaced: Bool
    /// Whether there was more to deliver when it stood there.
    var isBehind = false
    /// Where a heartbeat says that it stands, if that has to be looked into.
    var jump: UInt64?
    private(set) var lastConsumerSequence: UInt64 = 0
    private(set) var created: UInt64 = 0

    init(
        _ id: SubscriptionID,
        _ consumption: NATSConsumption,
        from resumed: NATSPosition?,
        isRenewed: Bool,
        stateLimit: Int,
        heldLimit: Int
    ) {
        self.id = id
        self.isRenewed = isRenewed
        self.consumption = consumption
        self.resumed = resumed
        self.stateLimit = stateLimit
        self.heldLimit = heldLimit
        let reached = resumed.flatMap { $0.isReached ? $0 : nil }
        self.last = reached ?? NATSPosition(sequence: 0, time: 0)
        self.isPlaced = reached != nil
    }

    /// Whether it is known already what the stream is.
    var isChecked: Bool { self.phase == .filling || self.phase == .live }

    /// The same one as it was before it was made.
    var unmade: NATSConsumer {
        NATSConsumer(
            self.id,
            self.consumption,
            from: self.resumed,
            isRenewed: self.isRenewed,
            stateLimit: self.stateLimit,
            heldLimit: self.heldLimit
        )
    }

    // MARK: - Answers

    /// The consumer is made. Now the stream is to be asked for its state.
    mutating func created(_ info: NATSConsumerInfo) -> [SourceEvent] {
        self.phase = .checking
        self.initial = (info.num_pending ?? 0) &+ info.delivered.consumer_seq
        // Where it stands is where it began only as long as it has delivered nothing.
        self.start = info.delivered.consumer_seq == 0 ? info.delivered.stream_seq : nil
        self.isBehind = (info.num_pending ?? 0) > 0
        self.ask()
        return [self.speaks] + self.began()
    }

    /// The state of the stream: now it is known whether the deliveries follow what was handed out before.
    mutating func checked(_ info: NATSStreamInfo, _ reply: Bytes) -> Outcome {
        switch self.phase {
        case .creating: return Outcome()
        case .checking: break
        case .filling: return self.lookedAgain(info)
        case .live: return self.looked(info)
        }
        guard let created = NATSTime.nanoseconds(info.created) else {
            return .over(self.again("it has no time of creation"))
        }
        self.created = created
        guard self.consumption.shape != .messages else {
            self.phase = .live
            return self.followed(info)
        }
        self.phase = .filling
        self.asked = nil
        self.last = NATSPosition(sequence: info.state.last_seq, time: created)
        _ = self.add(reply)
        var outcome = Outcome()
        if self.initial == 0 || self.consumption.start == .new { outcome = self.filled() }
        let held = self.held
        (self.held, self.heldBytes) = ([], 0)
        self.lastConsumerSequence = 0
        for (frame, delivery) in held where !outcome.isOver {
            let next = self.delivered(frame, delivery)
            outcome.events += next.events
            outcome.isOver = next.isOver
            outcome.looksAgain = outcome.looksAgain || next.looksAgain
        }
        return outcome
    }

    /// All of the state has come.
    mutating func becomesLive() {
        self.phase = .live
        self.asked = nil
    }

    // MARK: - What comes

    mutating func delivered(_ frame: NATSFrame, _ delivery: NATSDelivery) -> Outcome {
        guard delivery.consumerSequence == self.lastConsumerSequence + 1 else {
            return .over(self.again("message \(self.lastConsumerSequence + 1) of the consumer is missing"))
        }
        self.lastConsumerSequence += 1
        switch self.phase {
        case .creating, .checking: return self.hold(frame, delivery)
        case .filling: return self.fill(frame, delivery)
        case .live: return self.follow(frame, delivery)
        }
    }

    /// A word from the server about the consumer itself.
    mutating func heard(_ headers: NATSHeaders) -> Outcome {
        guard headers.status == 100 else {
            let said = "\(headers.status ?? 0) \(headers.description)"
            return .over(self.again("the server says \(said)"))
        }
        guard let count = headers["Nats-Last-Consumer"] else { return Outcome() }
        guard UInt64(count) == self.lastConsumerSequence else {
            return .over(self.again("messages after \(self.lastConsumerSequence) of the consumer are missing"))
        }
        let isStalled = headers["Nats-Consumer-Stalled"] != nil
        switch self.phase {
        case .creating, .checking: return self.waited()
        case .filling:
            guard !isStalled else { return self.asked == nil ? Outcome(events: [self.speaks]) : self.waited() }
            // It has nothing more to deliver, whatever it said before: what was to come has been removed meanwhile.
            let filled = self.filled()
            return Outcome(events: [self.speaks] + filled.events, isOver: filled.isOver)
        case .live: return self.idle(at: headers["Nats-Last-Stream"].flatMap { UInt64($0) }, isStalled: isStalled)
        }
    }

    // MARK: - Waiting for an answer

    mutating func ask() {
        self.asked = self.held.count
        self.unanswered = 0
    }

    /// It is not known yet what it means.
    mutating func hold(_ frame: NATSFrame, _ delivery: NATSDelivery) -> Outcome {
        self.held.append((frame, delivery))
        self.heldBytes += frame.bytes.count
        guard self.heldBytes <= self.heldLimit else {
            return .over(self.again("more than \(self.heldLimit) bytes came before the stream's state"))
        }
        return Outcome(events: self.began())
    }

    /// The server speaks, and what it was asked it does not answer.
    mutating func waited() -> Outcome {
        self.unanswered += 1
        guard self.unanswered < 2 else { return .over(self.again("the stream's state did not come")) }
        return Outcome(events: [self.speaks] + self.began())
    }

    /// Changes alone begin with the first word of their consumer: what is missed from then on is told.
    private mutating func began() -> [SourceEvent] {
        guard self.consumption.shape == .documents, self.consumption.start == .new, !self.isPlaced else { return [] }
        self.isPlaced = true
        return [.progress(self.id, NATSPosition(sequence: self.start ?? 0, time: 0).position)]
    }

    // MARK: - What is said

    var speaks: SourceEvent { .speaks(self.id, every: Self.heartbeat * 2) }

    /// It is made again.
    func again(_ reason: String) -> SourceEvent {
        .interrupted(
            self.id,
            FreshetError(.interrupted, "the consumer of \(self.consumption.stream) has to be made again: \(reason)"),
            after: .zero
        )
    }
}
