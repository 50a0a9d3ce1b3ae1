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
/// What others rewrite before it was delivered comes at the end of the stream, behind all else that was written meanwhile, and what is
/// left is counted wrongly then (nats-server 2.9, both ways). So a state is whole at once only where just as many messages came as
/// there were at first. Otherwise the stream is looked at again, until all that it had then has come already.
///
/// The stream is looked at after the consumer was made, so that it cannot be made anew in between without being noticed. Deliveries
/// may come before either answer. The numbers of the consumer have no holes; those of the stream may have any.
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
    /// How often the stream of a state is looked at again, at most.
    static let mostLooks = 16

    let id: SubscriptionID
    let consumption: NATSConsumption
    /// What it goes on after.
    let resumed: NATSPosition?
    /// Whether its feed has lived before.
    let isRenewed: Bool
    /// The most that a state may be, in bytes.
    let stateLimit: Int
    private var phase = Phase.creating
    /// What came before it was known what it means.
    private var held: [NATSFrame] = []
    /// The state so far: the server's description of the stream, then messages, as they came.
    // Not a part of the value, which the engine copies for each read: it would be copied as often as it grows.
    private let state = Locked<[UInt8]>([])
    /// How many messages there were to deliver at first.
    private var initial: UInt64 = 0
    /// With what the stream ended when it was looked at again.
    private var end: UInt64?
    /// The number of the last message of the state so far.
    private var delivered: UInt64 = 0
    private var looks = 0
    private var isLooking = false
    private var start: UInt64?
    private var last: NATSPosition
    private var lastConsumerSequence: UInt64 = 0
    private var created: UInt64 = 0

    init(
        _ id: SubscriptionID,
        _ consumption: NATSConsumption,
        from resumed: NATSPosition?,
        isRenewed: Bool,
        stateLimit: Int
    ) {
        self.id = id
        self.isRenewed = isRenewed
        self.consumption = consumption
        self.resumed = resumed
        self.stateLimit = stateLimit
        self.last = resumed.flatMap { $0.isReached ? $0 : nil } ?? NATSPosition(sequence: 0, time: 0)
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
            stateLimit: self.stateLimit
        )
    }

    // MARK: - Answers

    /// The consumer is made.
    mutating func created(_ info: NATSConsumerInfo) {
        self.phase = .checking
        self.initial = (info.num_pending ?? 0) &+ info.delivered.consumer_seq
        // Where it stands is where it began only as long as it has delivered nothing.
        self.start = info.delivered.consumer_seq == 0 ? info.delivered.stream_seq : nil
    }

    /// The state of the stream: now it is known whether the deliveries follow what was handed out before.
    mutating func checked(_ info: NATSStreamInfo, _ reply: Bytes) -> Outcome {
        guard self.phase == .checking else { return self.lookedAgain(info) }
        guard let created = NATSTime.nanoseconds(info.created) else {
            return .over(self.again("it has no time of creation"))
        }
        self.created = created
        if self.consumption.shape == .messages, let lost = self.lost(info) { return .over(lost) }
        var outcome = Outcome()
        if self.consumption.shape == .messages {
            self.phase = .live
            if self.resumed?.isReached != true, let start = self.start, start <= info.state.last_seq {
                self.last = NATSPosition(sequence: start, time: created)
                outcome.events.append(.progress(self.id, self.last.position))
            }
        } else {
            self.phase = .filling
            self.last = NATSPosition(sequence: info.state.last_seq, time: created)
            _ = self.add(reply)
            if self.initial == 0 || self.consumption.start == .new { outcome = self.filled() }
        }
        let held = self.held
        self.held = []
        self.lastConsumerSequence = 0
        for frame in held where !outcome.isOver {
            guard let delivery = frame.delivery else { continue }
            let next = self.delivered(frame, delivery)
            outcome.events += next.events
            outcome.isOver = next.isOver
            outcome.looksAgain = outcome.looksAgain || next.looksAgain
        }
        return outcome
    }

    private mutating func lookedAgain(_ info: NATSStreamInfo) -> Outcome {
        guard self.phase == .filling, self.isLooking else { return Outcome() }
        self.isLooking = false
        self.end = info.state.last_seq
        return self.delivered >= info.state.last_seq ? self.filled() : Outcome()
    }

    /// Why the stream cannot go on where the feed stands.
    private func lost(_ info: NATSStreamInfo) -> SourceEvent? {
        guard let resumed = self.resumed, resumed.isReached else { return nil }
        // Messages of a mirror may be older than the mirror.
        let isAnother = self.created > resumed.time && info.config.mirror == nil
        guard !isAnother, info.state.last_seq >= resumed.sequence else {
            return .historyLost(
                self.id,
                .historyLost,
                reason: "the stream \(self.consumption.stream) has been made anew since"
            )
        }
        let first = info.state.first_seq
        guard first > resumed.sequence + 1, self.held.first?.delivery?.streamSequence != resumed.sequence + 1 else {
            return nil
        }
        let missing = "\(resumed.sequence + 1) to \(first - 1)"
        return .historyLost(
            self.id,
            .compacted,
            reason: "the stream \(self.consumption.stream) does not keep its messages \(missing) any more"
        )
    }

    // MARK: - Deliveries

    mutating func delivered(_ frame: NATSFrame, _ delivery: NATSDelivery) -> Outcome {
        guard delivery.consumerSequence == self.lastConsumerSequence + 1 else {
            return .over(self.again("message \(self.lastConsumerSequence + 1) of the consumer is missing"))
        }
        self.lastConsumerSequence += 1
        switch self.phase {
        case .creating, .checking:
            self.held.append(frame)
            return Outcome()
        case .filling:
            guard self.add(frame.bytes) else { return .over(self.tooLarge) }
            self.delivered = delivery.streamSequence
            if self.delivered > self.last.sequence { self.last = NATSPosition(delivery) }
            return self.filling(pending: delivery.pending)
        case .live:
            self.last = NATSPosition(delivery)
            return Outcome(events: [.update(self.id, frame.bytes)])
        }
    }

    /// One more message of the state is there.
    private mutating func filling(pending: UInt64) -> Outcome {
        let isQuiet = pending == 0 && self.lastConsumerSequence == self.initial
        // With a filter the end of the stream says nothing.
        if isQuiet || pending == 0 && !self.consumption.isWhole { return self.filled() }
        guard !self.isLooking else { return Outcome() }
        let mustLook =
            self.end.map { self.delivered >= $0 } ?? (pending == 0 || self.lastConsumerSequence >= self.initial)
        guard mustLook else { return Outcome() }
        guard self.looks < Self.mostLooks else { return self.filled() }
        self.looks += 1
        self.isLooking = true
        return Outcome(looksAgain: true)
    }

    /// One more part of the state; false when that is too large then.
    private func add(_ part: Bytes) -> Bool {
        self.state.withLock { state in
            part.append(to: &state)
            state += [0x0D, 0x0A]
            return state.count <= self.stateLimit
        }
    }

    /// All of the state has come.
    private mutating func filled() -> Outcome {
        let state = self.state.withLock { state in
            defer { state = [] }
            return Bytes(copying: state)
        }
        self.phase = .live
        guard self.consumption.shape != .listing else { return .over(.update(self.id, state)) }
        let progress = SourceEvent.progress(self.id, self.last.position)
        return Outcome(events: self.consumption.start == .new ? [progress] : [.snapshot(self.id, state), progress])
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
        let speaks = SourceEvent.speaks(self.id, every: Self.heartbeat * 2)
        switch self.phase {
        case .creating, .checking: return Outcome(events: [speaks])
        case .filling:
            guard headers["Nats-Consumer-Stalled"] == nil else { return Outcome(events: [speaks]) }
            // It has nothing more to deliver, whatever it said before: what was to come has been removed meanwhile.
            let filled = self.filled()
            return Outcome(events: [speaks] + filled.events, isOver: filled.isOver)
        case .live:
            guard let sequence = headers["Nats-Last-Stream"].flatMap({ UInt64($0) }), sequence > self.last.sequence,
                sequence < UInt64(Int64.max)
            else { return Outcome(events: [speaks]) }
            self.last = NATSPosition(sequence: sequence, time: max(self.last.time, self.created))
            return Outcome(events: [speaks, .progress(self.id, self.last.position)])
        }
    }

    /// It is made again.
    func again(_ reason: String) -> SourceEvent {
        .interrupted(
            self.id,
            FreshetError(.interrupted, "the consumer of \(self.consumption.stream) has to be made again: \(reason)"),
            after: .zero
        )
    }

    private var tooLarge: SourceEvent {
        .unreadable(
            self.id,
            FreshetError(
                .messageTooLarge,
                "what is in \(self.consumption.stream) is more than \(self.stateLimit) bytes",
                hint: "raise stateLimit in the client's configuration, or ask for fewer keys"
            )
        )
    }
}
