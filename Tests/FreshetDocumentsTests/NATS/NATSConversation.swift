// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport

@testable import FreshetDocuments

/// A source, and a test that is its server: what it says is told in words.
struct NATSConversation {
    static let info = #"INFO {"server_id":"NSERVER","client_id":7,"headers":true,"max_payload":1000}"# + "\r\n"
    static let inbox = "_INBOX.nonceNSERVER7"
    static let created = "2026-11-25T23:20:41.5Z"
    static let createdTime: UInt64 = 1_795_648_841_500_000_000

    var source: NATSSource

    init(_ change: (inout NATSSettings) -> Void = { _ in }) {
        var settings = NATSSettings()
        settings.nonce = "nonce"
        change(&settings)
        self.source = NATSSource(settings)
    }

    /// One that has greeted its server.
    static func ready() throws -> NATSConversation {
        var conversation = NATSConversation()
        _ = try conversation.source.opened(subprotocol: nil, credentials: nil)
        _ = try conversation.hear(Self.info + "PONG\r\n")
        return conversation
    }

    mutating func hear(_ text: String) throws -> [String] {
        Self.words(try self.source.receive(WebSocketMessage(.binary, Bytes(copying: text.utf8))))
    }

    mutating func ask(_ id: SubscriptionID, _ request: NATSRequest, from position: Position? = nil) -> String {
        self.source.subscribe(id, to: request, from: position).text
    }

    static func consume(
        _ shape: NATSConsumption.Shape,
        _ start: NATSConsumption.Start = .first,
        _ stream: String = "S"
    ) -> NATSRequest {
        .consume(NATSConsumption(stream: stream, filter: nil, start: start, shape: shape))
    }

    // MARK: - What the server says

    static func message(_ subject: String, _ sid: UInt64, _ value: String, reply: String? = nil) -> String {
        "MSG \(subject) \(sid) \(reply.map { "\($0) " } ?? "")\(value.utf8.count)\r\n\(value)\r\n"
    }

    /// The answer of JetStream to `token`.
    static func answer(_ token: String, _ json: String) -> String { self.message("\(self.inbox).\(token)", 1, json) }

    static func consumer(pending: Int, at sequence: Int = 0, delivered: Int = 0) -> String {
        #"{"name":"C","num_pending":\#(pending),"delivered":{"consumer_seq":\#(delivered),"stream_seq":\#(sequence)}}"#
    }

    static func stream(
        _ first: Int,
        _ last: Int,
        created: String = Self.created,
        mirror: Bool = false,
        history: Int = 1,
        retention: String = "limits"
    )
        -> String
    {
        let state = #"{"messages":\#(max(last - first + 1, 0)),"first_seq":\#(first),"last_seq":\#(last)}"#
        let config =
            (mirror ? #""mirror":{"name":"M"},"# : "")
            + #""max_msgs_per_subject":\#(history),"retention":"\#(retention)""#
        return #"{"config":{\#(config)},"created":"\#(created)","state":\#(state)}"#
    }

    /// A delivery of the consumer.
    static func delivery(_ sid: UInt64, _ sequence: Int, _ number: Int, pending: Int = 0, _ subject: String = "s")
        -> String
    {
        let reply = "$JS.ACK.S.C.1.\(sequence).\(number).\(Self.createdTime + UInt64(sequence)).\(pending)"
        return self.message(subject, sid, "v\(sequence)", reply: reply)
    }

    static func status(_ sid: UInt64, _ status: String, reply: String? = nil, _ fields: String = "") -> String {
        let block = "NATS/1.0 \(status)\r\n\(fields)\r\n"
        let count = block.utf8.count
        return "HMSG d \(sid) \(reply.map { "\($0) " } ?? "")\(count) \(count)\r\n\(block)\r\n"
    }

    static func heartbeat(_ sid: UInt64, consumer: Int, stream: Int) -> String {
        self.status(sid, "100 Idle Heartbeat", "Nats-Last-Consumer: \(consumer)\r\nNats-Last-Stream: \(stream)\r\n")
    }

    // MARK: - What that means

    static func words(_ event: SourceEvent) -> [String] {
        switch event {
        case .several(let events): events.flatMap(Self.words)
        case .ready: ["ready"]
        case .answered: ["answered"]
        case .update(let id, let payload): ["update \(id) \(Self.values(payload))"]
        case .snapshot(let id, let state): ["snapshot \(id) \(Self.values(state))"]
        case .progress(let id, let position): ["progress \(id) \(position.text ?? "?")"]
        case .historyLost(let id, let cause, let reason): ["lost \(id) \(cause): \(reason)"]
        case .failed(let id, let error), .unreadable(let id, let error): ["failed \(id) \(error.kind)"]
        case .interrupted(let id, let error, _): ["interrupted \(id) \(error.message)"]
        case .reply(let message): ["say \(message.text)"]
        case .speaks(let id, let longest): ["speaks \(id) \(longest)"]
        case .refused(let error): ["refused \(error.kind)"]
        case .nothing(let note): note.map { ["note \($0)"] } ?? []
        case .confirmed, .completed, .speaksEvery: ["\(event)"]
        }
    }

    /// The values of a message, or of a state after the server's word on the stream.
    private static func values(_ bytes: Bytes) -> String {
        if let frame = NATSFrame(parsing: bytes) { return frame.isStatus ? "status" : frame.value.text }
        var parser = NATSParser()
        var operations: [NATSOperation] = []
        try? parser.parse(bytes, into: &operations)
        return operations.dropFirst().map { operation in
            if case .message(let frame) = operation { frame.value.text } else { "?" }
        }.joined(separator: ",")
    }
}
