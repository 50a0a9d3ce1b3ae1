// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Documents: how deliveries become one state.
///
/// What others rewrite before it was delivered comes at the end of the stream, behind all else that was written meanwhile, and what is
/// left is counted wrongly then (nats-server 2.9, both ways). So a state is whole at once only where just as many messages came as
/// there were at first. Otherwise the stream is looked at again, until all that it had then has come already.
extension NATSConsumer {
    /// How often the stream of a state is looked at again, at most.
    static let mostLooks = 16
    /// A server that is busy with a large state has no heartbeats: it is said each time when so many bytes of it have come.
    static let largePart = 32 << 10

    mutating func lookedAgain(_ info: NATSStreamInfo) -> Outcome {
        guard self.asked != nil else { return Outcome() }
        self.asked = nil
        self.end = info.state.last_seq
        return self.delivered >= info.state.last_seq ? self.filled() : Outcome()
    }

    mutating func fill(_ frame: NATSFrame, _ delivery: NATSDelivery) -> Outcome {
        guard self.add(frame.bytes) else { return .over(self.tooLarge) }
        self.delivered = delivery.streamSequence
        if self.delivered > self.last.sequence { self.last = NATSPosition(delivery) }
        let outcome = self.filling(pending: delivery.pending)
        self.unspoken += frame.bytes.count
        // While a look is under way only its answer helps: without it, this is to be missed.
        guard self.phase == .filling, self.asked == nil, self.unspoken >= Self.largePart else { return outcome }
        self.unspoken = 0
        return Outcome(events: outcome.events + [self.speaks])
    }

    /// One more message of the state is there.
    private mutating func filling(pending: UInt64) -> Outcome {
        let isQuiet = pending == 0 && self.lastConsumerSequence == self.initial
        // With a filter the end of the stream says nothing.
        if isQuiet || pending == 0 && !self.consumption.isWhole { return self.filled() }
        guard self.asked == nil else { return Outcome() }
        let mustLook =
            self.end.map { self.delivered >= $0 } ?? (pending == 0 || self.lastConsumerSequence >= self.initial)
        guard mustLook else { return Outcome() }
        guard self.looks < Self.mostLooks else { return self.filled() }
        self.looks += 1
        self.ask()
        return Outcome(looksAgain: true)
    }

    /// One more part of the state; false when that is too large then.
    func add(_ part: Bytes) -> Bool {
        self.state.withLock { state in
            part.append(to: &state)
            state += [0x0D, 0x0A]
            return state.count <= self.stateLimit
        }
    }

    /// All of the state has come.
    mutating func filled() -> Outcome {
        let state = self.state.withLock { state in
            defer { state = [] }
            return Bytes(copying: state)
        }
        self.becomesLive()
        guard self.consumption.shape != .listing else { return .over(.update(self.id, state)) }
        // Changes alone have no state, and have had a position since they began.
        guard self.consumption.start != .new else { return Outcome() }
        return Outcome(events: [.snapshot(self.id, state), .progress(self.id, self.last.position)])
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
