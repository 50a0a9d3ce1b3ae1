// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Messages: answers in the inbox, and what consumers deliver.
extension NATSSource {
    mutating func take(_ frame: NATSFrame, _ events: inout [SourceEvent]) {
        guard frame.sid != Self.inboxSID else { return self.takeAnswer(frame, &events) }
        let outcome: NATSConsumer.Outcome?
        if let delivery = frame.delivery {
            // In place: what a consumer holds is not copied with it.
            outcome = self.consumers[frame.sid]?.delivered(frame, delivery)
        } else if frame.isStatus, let headers = frame.headers, self.consumers[frame.sid] != nil {
            // The server goes on delivering when this was answered; and the answer goes out behind all that came before.
            if let stalled = headers["Nats-Consumer-Stalled"] ?? frame.reply?.text { events.append(Self.flow(stalled)) }
            outcome = self.consumers[frame.sid]?.heard(headers)
        } else {
            outcome = nil
        }
        if let outcome { self.carryOut(outcome, frame.sid, &events) }
    }

    /// Asks for the state of a stream.
    private func look(at stream: String, _ sid: UInt64) -> WebSocketMessage {
        var command = NATSCommand()
        command.publish(to: "\(self.settings.api).STREAM.INFO.\(stream)", reply: "\(self.inbox).i\(sid)")
        return command.message
    }

    private static func flow(_ subject: String) -> SourceEvent {
        var command = NATSCommand()
        command.publish(to: subject)
        return .reply(command.message)
    }

    private mutating func carryOut(
        _ outcome: NATSConsumer.Outcome,
        _ sid: UInt64,
        _ events: inout [SourceEvent]
    ) {
        if outcome.looksAgain, !outcome.isOver, let consumer = self.consumers[sid] {
            events.append(.reply(self.look(at: consumer.consumption.stream, sid)))
        }
        guard outcome.isOver, let id = self.consumers[sid]?.id else { return events += outcome.events }
        _ = self.forget(id)
        if case .historyLost? = outcome.events.last { self.restarted.insert(id) }
        var command = NATSCommand()
        command.unsubscribe(sid)
        // First: the events may end the last subscription, after which nothing is sent.
        events.append(.reply(command.message))
        events += outcome.events
    }

    // MARK: - Answers

    private mutating func takeAnswer(_ frame: NATSFrame, _ events: inout [SourceEvent]) {
        let token = frame.subject.text.split(separator: ".").last ?? ""
        if token.first == "e", let id = SubscriptionID(token.dropFirst()) {
            if let error = self.refusals.removeValue(forKey: id) { events.append(.failed(id, error)) }
            return
        }
        if let id = SubscriptionID(token) {
            guard self.calls.removeValue(forKey: id) != nil else { return }
            return events.append(.update(id, frame.bytes))
        }
        guard let sid = UInt64(token.dropFirst()), var consumer = self.consumers[sid] else { return }
        let stream = consumer.consumption.stream
        do throws(FreshetError) {
            switch token.first {
            case "s": events.append(consumer.speaks)
            case "c":
                let said = consumer.created(
                    try frame.reply(NATSConsumerInfo.self, to: "\(self.settings.api).CONSUMER.CREATE.\(stream)")
                )
                self.consumers[sid] = consumer
                events.append(.reply(self.look(at: stream, sid)))
                events += said
            case "i":
                let info = try frame.reply(NATSStreamInfo.self, to: "\(self.settings.api).STREAM.INFO.\(stream)")
                guard consumer.isChecked || !self.learned(info, consumer.consumption) else {
                    return events.append(.reply(self.makeAgain(consumer)))
                }
                let outcome = consumer.checked(info, frame.bytes)
                self.consumers[sid] = consumer
                self.carryOut(outcome, sid, &events)
            case "r":
                let lost = SourceEvent.historyLost(
                    consumer.id,
                    .unknown,
                    reason: "changes may have been superseded while there was no connection"
                )
                self.carryOut(.over(lost), sid, &events)
            default: break
            }
        } catch {
            self.carryOut(.over(Self.ending(consumer, error)), sid, &events)
        }
    }

    /// A server that has just come up may have no leader for a while: a feed that lives, or whose state is on its way, waits for that.
    private static func ending(_ consumer: NATSConsumer, _ error: FreshetError) -> SourceEvent {
        if case .server = error.kind, consumer.isRenewed || consumer.isChecked {
            return .interrupted(consumer.id, error, after: .zero)
        }
        // Not `.failed`: that would be taken for the word on a position.
        return .unreadable(consumer.id, error)
    }

    // MARK: - Refusals

    /// `Permissions Violation for Subscription to "x"`, or `for Publish to "x"`: the connection lives, and what was asked for has no
    /// other answer.
    mutating func forbidden(_ text: String) -> [SourceEvent] {
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        let subject = parts.count > 1 ? String(parts[1]) : ""
        let error = FreshetError(
            .forbidden,
            "the server forbids it: \(text.prefix(200))",
            hint: "the account needs \(self.settings.api).> to publish to, and \(self.settings.inbox).> to subscribe to"
        )
        if subject.hasPrefix(self.inbox), subject.hasSuffix("*") { return [.refused(error)] }
        if let call = self.calls.filter({ $0.value == subject }).keys.min() {
            self.calls[call] = nil
            return [.failed(call, error)]
        }
        let consumer = self.consumers.sorted { $0.key < $1.key }.first { sid, consumer in
            subject.hasSuffix(".d.\(sid)") || subject.hasSuffix("CONSUMER.CREATE.\(consumer.consumption.stream)")
                || subject.hasSuffix("STREAM.INFO.\(consumer.consumption.stream)")
        }
        guard let (_, consumer) = consumer else { return [.nothing(note: "the server says: \(text.prefix(120))")] }
        _ = self.forget(consumer.id)
        return [.unreadable(consumer.id, error)]
    }
}
