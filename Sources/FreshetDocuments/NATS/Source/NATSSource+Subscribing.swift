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
        if let limit = self.server?.max_payload, size > limit {
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
        if self.restarted.contains(id) {
            consumption.start = consumption.shape == .messages ? .first : .lastPerSubject
        } else if consumption.shape == .documents, position == nil || consumption.start != .new {
            // Documents are listed again, wherever they were; changes alone need to be told so first.
            resumed = nil
        }
        let consumer = NATSConsumer(
            id,
            consumption,
            from: resumed,
            isRenewed: position?.isReached == true,
            stateLimit: self.settings.stateLimit
        )
        self.sids[id] = sid
        self.consumers[sid] = consumer
        guard consumption.shape == .messages || resumed == nil else {
            command.publish(
                to: "\(self.settings.api).STREAM.INFO.\(consumption.stream)",
                reply: "\(self.inbox).r\(sid)"
            )
            return command.message
        }
        // Before the consumer is made, so that nothing it delivers is missed.
        command.subscribe(to: self.deliverySubject(sid), sid: sid)
        command.publish(
            to: "\(self.settings.api).CONSUMER.CREATE.\(consumption.stream)",
            reply: "\(self.inbox).c\(sid)",
            self.creation(of: consumer, sid)
        )
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
        switch (consumer.resumed?.sequence, consumption.start) {
        case (let sequence?, _):
            configuration["deliver_policy"] = "by_start_sequence"
            configuration["opt_start_seq"] = .integer(Int64(clamping: sequence) + 1)
        case (nil, .first): configuration["deliver_policy"] = "all"
        case (nil, .new): configuration["deliver_policy"] = "new"
        case (nil, .lastPerSubject): configuration["deliver_policy"] = "last_per_subject"
        }
        return .json([
            "stream_name": .string(consumption.stream),
            "config": .object(configuration),
        ])
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
