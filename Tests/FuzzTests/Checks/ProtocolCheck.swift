// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport

/// What `GraphQLSource` makes of a server's messages, beside what the protocol says they mean.
struct ProtocolCheck {
    private var source = GraphQLSource()
    private var acknowledged = false
    private var violated = false

    init() {
        _ = try? self.source.opened(subprotocol: "graphql-transport-ws", credentials: nil)
    }

    /// `trusted` is nil when there is nothing to compare with.
    mutating func receive(
        _ bytes: [UInt8],
        _ trusted: TrustedJSON?,
        _ members: [JSONScanner.Member]?
    ) throws(Finding) {
        guard !self.violated else { return }
        let event: SourceEvent?
        do throws(SourceViolation) {
            event = try self.source.receive(WebSocketMessage(.text, Bytes(copying: bytes)))
        } catch {
            self.violated = true
            event = nil
            let parsed = try? CloseFrame(parsing: CloseFrame(code: error.code, reason: error.reason).payload)
            try require(parsed?.code == 4004 && parsed?.reason == error.reason, "a close frame that cannot be")
        }
        defer { if case .ready? = event { self.acknowledged = true } }
        if case .update(_, let payload)? = event { try Self.checkPayload(payload) }
        // Keys and the three members are compared as they stand, so an escape in them is not understood.
        guard let value = trusted?.value, !bytes.contains(UInt8(ascii: "\\")) else { return }
        guard case .object(let message) = value, let members else {
            // A broken text may still say which operation it was about: that one fails.
            if case .unreadable? = event { return }
            return try require(event == nil || members != nil, "what is no object is taken for a message")
        }
        guard members.count == message.count else { return }
        try self.compare(event, message)
    }

    private func compare(_ event: SourceEvent?, _ message: [String: JSONValue]) throws(Finding) {
        guard case .string(let type)? = message["type"] else {
            return try self.requireRefusal(event, message, "a message without a type is taken")
        }
        switch (type, event) {
        case ("connection_ack", .ready?):
            try require(!self.acknowledged, "acknowledged twice")
        case ("connection_ack", .nothing?):
            try require(self.acknowledged, "an acknowledgement is ignored")
        case ("ping", .reply(let pong)?):
            var expected: [String: JSONValue] = ["type": "pong"]
            expected["payload"] = message["payload"]
            try require(TrustedJSON(pong.bytes)?.value == .object(expected), "a ping is answered with \(pong.text)")
        case ("pong", .answered?), ("connection_error", .refused?), ("ka", .nothing(note: _?)?): break
        case ("next", _), ("error", _), ("complete", _): try self.compareOperation(type, event, message)
        case ("data", _), ("start_ack", _): break
        case (_, nil), (_, .unreadable?):
            let known = ["connection_ack", "connection_error", "ping", "pong", "ka"]
            try require(!known.contains(type), "\(type) is refused")
            try self.requireRefusal(event, message, "\(type) is taken")
        default:
            throw Finding("\(type) is taken for \(String(describing: event))")
        }
    }

    /// Where the operation can be told, it fails alone; otherwise the connection does.
    private func requireRefusal(
        _ event: SourceEvent?,
        _ message: [String: JSONValue],
        _ what: String
    ) throws(Finding) {
        if self.acknowledged, case .string(let text)? = message["id"], let id = SubscriptionID(text), String(id) == text
        {
            guard case .unreadable(id, _)? = event else { throw Finding(what) }
        } else {
            try require(event == nil, what)
        }
    }

    private func compareOperation(
        _ type: String,
        _ event: SourceEvent?,
        _ message: [String: JSONValue]
    ) throws(Finding) {
        guard self.acknowledged, case .string(let text)? = message["id"], !text.isEmpty else {
            return try require(event == nil, "\(type) is taken before the acknowledgement, or without an id")
        }
        guard let id = SubscriptionTable.ID(text), String(id) == text else {
            guard case .nothing(note: _?)? = event else { throw Finding("\(type) for \(text) is not ignored") }
            return
        }
        let payload = message["payload"]
        switch (type, event) {
        case ("complete", .completed(id)?): break
        case ("error", .failed(id, let error)?):
            guard case .operationFailed(let bytes) = error.kind else { throw Finding("another error: \(error)") }
            try require(TrustedJSON(bytes)?.value == payload ?? .array([]), "an error's payload has changed")
        case ("next", .update(id, let bytes)?):
            try require(TrustedJSON(bytes.array)?.value == payload, "an update's payload has changed")
        case ("next", .unreadable(id, _)?):
            if case .object? = payload { throw Finding("an update is refused") }
        default:
            throw Finding("\(type) is taken for \(String(describing: event))")
        }
    }

    /// What the consumer makes of an update's payload.
    private static func checkPayload(_ json: Bytes) throws(Finding) {
        let payload = try? GraphQLPayload(json)
        let response = payload.flatMap { try? GraphQLResponse<JSONValue>($0) }
        _ = payload.flatMap { payload in try? response?.valueOrFailure(payload) }
        guard case .object(let expected)? = TrustedJSON(json.array)?.value, !json.array.contains(UInt8(ascii: "\\"))
        else { return }
        guard let payload, let response else { throw Finding("a payload is refused") }
        guard case .object(let fields)? = expected["data"], fields.count == 1 else { return }
        // Given twice, the last counts here and the first there.
        guard payload.data.map({ TrustedJSON($0.array)?.value == expected["data"] }) == true else { return }
        try require(response.value == fields.first?.value, "the value is \(String(describing: response.value))")
    }
}
