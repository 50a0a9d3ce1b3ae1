// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Messages: what is missing between two that were delivered.
///
/// A message that was deleted by itself, or that a filter leaves out, leaves a hole that means nothing. Limits and purges leave one as
/// well where they were faster than the consumer, and then messages are lost. Only the stream knows which it was: what was trimmed lies
/// before its first number, which only grows. So a hole that begins at that number or behind it, as it is when the stream is asked after
/// the delivery, is none of these. Until the answer has come, what follows the hole is held. An answer counts for all that had come when
/// it was asked for, and there is one question at a time, however many holes there are. What was trimmed since the delivery cannot be
/// told from what was trimmed before it: there may be a gap too many.
///
/// With a filter there are holes everywhere, and each message would cost a question. There those alone are looked into at which
/// messages were waiting, by the server's word, before the hole or behind it: a consumer with which none wait delivers each as it is
/// stored, and in its holes are others' messages. What is stored and trimmed again between two words of such a consumer, which are at
/// most 10 s apart, is not noticed.
extension NATSConsumer {
    /// The state of the stream, for the first time.
    mutating func followed(_ info: NATSStreamInfo) -> Outcome {
        if let lost = self.lost(info) { return .over(lost) }
        var events: [SourceEvent] = []
        if self.resumed?.isReached != true, let start = self.start, start <= info.state.last_seq {
            events.append(self.progressed(to: start))
        }
        return self.release(info, after: events)
    }

    /// The state of the stream, once more.
    mutating func looked(_ info: NATSStreamInfo) -> Outcome {
        guard self.asked != nil else { return Outcome() }
        guard NATSTime.nanoseconds(info.created) == self.created else {
            return .over(self.again("the stream has been made anew"))
        }
        var events: [SourceEvent] = []
        if let jump = self.jump {
            self.jump = nil
            if let trimmed = self.trimmed(info) { return .over(trimmed) }
            self.isBehind = false
            // A consumer may stand where its stream has not come yet.
            if jump <= info.state.last_seq { events.append(self.progressed(to: jump)) }
        }
        return self.release(info, after: events)
    }

    mutating func follow(_ frame: NATSFrame, _ delivery: NATSDelivery) -> Outcome {
        guard self.asked != nil || self.isOpen(before: delivery) else {
            return Outcome(events: [self.handOut(frame, delivery)])
        }
        var outcome = self.hold(frame, delivery)
        if self.asked == nil, !outcome.isOver {
            self.ask()
            outcome.looksAgain = true
        }
        return outcome
    }

    /// A heartbeat: nothing is delivered now.
    mutating func idle(at sequence: UInt64?, isStalled: Bool) -> Outcome {
        guard self.asked == nil else { return self.waited() }
        var outcome = Outcome(events: [self.speaks])
        guard !isStalled else {
            self.isBehind = true
            return outcome
        }
        guard let sequence, sequence > self.last.sequence, sequence < UInt64(Int64.max) else { return outcome }
        // The messages up to there have come, or they never will.
        guard self.consumption.shape == .messages, self.consumption.filter == nil || self.isBehind || !self.isPlaced
        else {
            outcome.events.append(self.progressed(to: sequence))
            return outcome
        }
        self.jump = sequence
        self.ask()
        outcome.looksAgain = true
        return outcome
    }

    // MARK: - Holes

    /// What was held goes out, up to a hole of which the answer says nothing.
    private mutating func release(_ info: NATSStreamInfo, after events: [SourceEvent]) -> Outcome {
        let (held, known) = (self.held, self.asked ?? 0)
        (self.held, self.heldBytes, self.asked) = ([], 0, nil)
        var outcome = Outcome(events: events)
        for (place, one) in held.enumerated() {
            if self.isOpen(before: one.delivery) {
                guard place < known else {
                    // It came after the question, and so may have what trimmed the stream.
                    self.held = Array(held[place...])
                    self.heldBytes = self.held.reduce(0) { $0 + $1.frame.bytes.count }
                    self.ask()
                    outcome.looksAgain = true
                    return outcome
                }
                if let trimmed = self.trimmed(info) {
                    outcome.events.append(trimmed)
                    outcome.isOver = true
                    return outcome
                }
            }
            outcome.events.append(self.handOut(one.frame, one.delivery))
        }
        return outcome
    }

    private mutating func handOut(_ frame: NATSFrame, _ delivery: NATSDelivery) -> SourceEvent {
        self.last = NATSPosition(delivery)
        self.isPlaced = true
        self.isBehind = delivery.pending > 0
        return .update(self.id, frame.bytes)
    }

    private mutating func progressed(to sequence: UInt64) -> SourceEvent {
        self.last = NATSPosition(sequence: sequence, time: max(self.last.time, self.created))
        self.isPlaced = true
        return .progress(self.id, self.last.position)
    }

    /// Whether messages that were trimmed may be missing before this one.
    private func isOpen(before delivery: NATSDelivery) -> Bool {
        guard self.isBeyond(delivery.streamSequence), self.consumption.shape == .messages, self.isPlaced else {
            return false
        }
        return self.consumption.filter == nil || self.isBehind || delivery.pending > 0
    }

    /// Whether there are numbers between where the feed stands and this one.
    private func isBeyond(_ sequence: UInt64) -> Bool {
        sequence > self.last.sequence && sequence - self.last.sequence > 1
    }

    /// The gap, where the stream does not keep what comes next.
    private func trimmed(_ info: NATSStreamInfo) -> SourceEvent? {
        guard self.isPlaced, self.isBeyond(info.state.first_seq) else { return nil }
        // Where messages go as soon as all consumers have had them, others' messages before the first number say nothing.
        guard self.consumption.filter == nil || info.config.keepsWhatWasRead else { return nil }
        return self.compacted(after: self.last.sequence, info)
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
        guard info.state.first_seq > resumed.sequence + 1,
            self.held.first?.delivery.streamSequence != resumed.sequence + 1
        else { return nil }
        return self.compacted(after: resumed.sequence, info)
    }

    private func compacted(after sequence: UInt64, _ info: NATSStreamInfo) -> SourceEvent {
        let missing = "\(sequence + 1) to \(info.state.first_seq - 1)"
        return .historyLost(
            self.id,
            .compacted,
            reason: "the stream \(self.consumption.stream) does not keep its messages \(missing) any more"
        )
    }
}
