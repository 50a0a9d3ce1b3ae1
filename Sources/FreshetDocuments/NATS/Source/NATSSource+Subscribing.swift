// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Freshet
package import FreshetCore
package import FreshetTransport

/// What is asked, and how it is taken back.
extension NATSSource {
    package mutating func subscribe(
        _ id: SubscriptionID,
        to request: NATSRequest,
        from position: Position?
    ) -> WebSocketMessage {
        switch request {
        case .call(let call): self.send(call, id)
        case .consume(let consumption): self.consume(consumption, id, position.flatMap { NATSPosition($0) })
        }
    }

    package mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        self.calls[id] = nil
        self.restarted.remove(id)
        guard let sid = self.forget(id) else { return nil }
        var command = NATSCommand()
        // Without anybody who listens the consumer goes away by itself.
        command.unsubscribe(sid)
        return command.message
    }

    /// What comes for it from now on means nothing.
    mutating func forget(_ id: SubscriptionID) -> UInt64? {
        guard let sid = self.sids.removeValue(forKey: id) else { return nil }
        self.consumers[sid] = nil
        return sid
    }

    private mutating func send(_ call: NATSCall, _ id: SubscriptionID) -> WebSocketMessage {
        let size = call.value.count + (call.headers.fields.isEmpty ? 0 : call.headers.encoded.count)
        if let limit = self.server?.max_payload, limit > 0, size > limit {
            // The server would close the connection. What we send to ourselves gives us the time to say so.
            self.refusals[id] = FreshetError(
                .messageTooLarge,
                "the message has \(size) bytes, and the server takes \(limit)",
                hint: "raise max_payload on the server, or store large values elsewhere"
            )
            var command = NATSCommand()
            command.publish(to: "\(self.inbox).e\(id)")
            return command.message
        }
        self.calls[id] = call.subject
        var command = NATSCommand()
        command.publish(to: call.subject, reply: "\(self.inbox).\(id)", headers: call.headers, call.value)
        return command.message
    }

    private mutating func consume(
        _ consumption: NATSConsumption,
        _ id: SubscriptionID,
        _ position: NATSPosition?
    ) -> WebSocketMessage {
        var command = NATSCommand()
        if let old = self.forget(id) { command.unsubscribe(old) }
        self.lastSID += 1
        let sid = self.lastSID
        var consumption = consumption
        var resumed = position
        // That its history is lost may have been said on another connection, which broke before anything else came.
        let isRestarted = self.restarted.contains(id) || position == nil && consumption.beginsWithPosition
        if isRestarted {
            consumption.start = consumption.shape == .messages ? .first : .lastPerSubject
        } else if consumption.shape == .documents, consumption.start != .new || position?.isReached != true {
            // Documents are listed again, wherever they were; changes alone need to be told so first.
            resumed = nil
        }
        let consumer = NATSConsumer(
            id,
            consumption,
            from: resumed,
            isRenewed: isRestarted || position?.isReached == true,
            stateLimit: self.settings.stateLimit,
            heldLimit: self.settings.heldLimit
        )
        self.add(consumer, sid)
        // Our own word comes back at once: from then on it is missed when nothing else comes.
        command.publish(to: "\(self.inbox).s\(sid)")
        guard consumption.shape == .messages || resumed == nil else {
            command.publish(
                to: "\(self.settings.api).STREAM.INFO.\(consumption.stream)",
                reply: "\(self.inbox).r\(sid)"
            )
            return command.message
        }
        self.make(consumer, sid, &command)
        return command.message
    }

    private mutating func add(_ consumer: NATSConsumer, _ sid: UInt64) {
        self.sids[consumer.id] = sid
        self.consumers[sid] = consumer
    }

    private func make(_ consumer: NATSConsumer, _ sid: UInt64, _ command: inout NATSCommand) {
        // Before the consumer is made, so that nothing it delivers is missed.
        command.subscribe(to: self.deliverySubject(sid), sid: sid)
        command.publish(
            to: "\(self.settings.api).CONSUMER.CREATE.\(consumer.consumption.stream)",
            reply: "\(self.inbox).c\(sid)",
            self.creation(of: consumer, sid)
        )
    }

    /// Makes a consumer again that has handed out nothing yet: now it is known what its stream keeps.
    mutating func makeAgain(_ consumer: NATSConsumer) -> WebSocketMessage {
        var command = NATSCommand()
        if let old = self.forget(consumer.id) { command.unsubscribe(old) }
        self.lastSID += 1
        self.add(consumer.unmade, self.lastSID)
        self.make(consumer, self.lastSID, &command)
        return command.message
    }

    /// Not in the inbox: that has one token more than this has less.
    private func deliverySubject(_ sid: UInt64) -> String { "\(self.inbox).d.\(sid)" }

    private func creation(of consumer: NATSConsumer, _ sid: UInt64) -> [UInt8] {
        let consumption = consumer.consumption
        var configuration: [String: JSONValue] = [
            "deliver_subject": .string(self.deliverySubject(sid)),
            "ack_policy": "none",
            "max_deliver": 1,
            "flow_control": true,
            "idle_heartbeat": .integer(NATSConsumer.heartbeat.components.seconds * 1_000_000_000),
            "ack_wait": 79_200_000_000_000,
            "mem_storage": true,
            "num_replicas": 1,
        ]
        if let filter = consumption.filter { configuration["filter_subject"] = .string(filter) }
        switch (consumer.resumed, consumption.start) {
        case (let position?, _):
            configuration["deliver_policy"] = "by_start_sequence"
            configuration["opt_start_seq"] = .integer(position.next)
        case (nil, .first): configuration["deliver_policy"] = "all"
        case (nil, .new): configuration["deliver_policy"] = "new"
        case (nil, .lastPerSubject):
            configuration["deliver_policy"] = self.readsAll(consumption) ? "all" : "last_per_subject"
        }
        return .json([
            "stream_name": .string(consumption.stream),
            "config": .object(configuration),
        ])
    }
}

extension NATSSource {
    /// Whether all messages are asked for where the last of each subject is wanted. Where a stream keeps no others that is the same, and
    /// the server need not go through all subjects first, which is half of its work (2.9). What a stream keeps is known when the
    /// first consumer is made.
    func readsAll(_ consumption: NATSConsumption) -> Bool {
        // The count of what is left of it is wrong while others write, which a state with a filter relies on.
        consumption.isWhole && !self.historical.contains(consumption.stream)
    }

    /// Takes down what a stream keeps; true when a consumer was made in the belief that it keeps less.
    mutating func learned(_ info: NATSStreamInfo, _ consumption: NATSConsumption) -> Bool {
        guard consumption.start == .lastPerSubject, consumption.isWhole else { return false }
        guard info.config.max_msgs_per_subject != 1 else {
            self.historical.remove(consumption.stream)
            return false
        }
        return self.historical.insert(consumption.stream).inserted
    }
}

extension [UInt8] {
    /// As JSON, its keys in order.
    static func json(_ value: JSONValue) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only numbers that are not finite have none, and nobody makes those here.
        return (try? encoder.encode(value)).map { [UInt8]($0) } ?? []
    }
}
