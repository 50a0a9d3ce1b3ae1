// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetDocuments

/// A GraphQL server's log of changes as a source of documents: `changes(after: 7)`, over graphql-transport-ws, begins after
/// change 7, or fails with COMPACTED when the server does not have that any more.
struct ChangesSource: FeedSource {
    let subprotocols = ["graphql-transport-ws"]

    func opened(subprotocol: String?, credentials: Credentials?) -> [WebSocketMessage] {
        [WebSocketMessage(text: #"{"type":"connection_init"}"#)]
    }

    func subscribe(_ id: SubscriptionID, to request: String, from position: Position?) -> WebSocketMessage {
        let query = "subscription($after: Int!) { changes(after: $after) { rev key value } }"
        let payload = #"{"query":"\#(query)","variables":{"after":\#(position?.number ?? 0)}}"#
        return WebSocketMessage(text: #"{"type":"subscribe","id":"\#(id)","payload":\#(payload)}"#)
    }

    func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        WebSocketMessage(text: #"{"type":"complete","id":"\#(id)"}"#)
    }

    func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(message.bytes)) else {
            let error = FreshetError(.protocolViolation, "the server sent something that it should not")
            throw SourceViolation(code: 4400, reason: "not understood", error: error)
        }
        let id = envelope.id.flatMap { SubscriptionID($0) } ?? 0
        switch envelope.type {
        case "connection_ack": return .ready
        case "ping": return .reply(WebSocketMessage(text: #"{"type":"pong"}"#))
        case "next": return .update(id, message.payload)
        case "complete": return .completed(id)
        case "error" where message.text.contains("COMPACTED"):
            return .historyLost(id, .compacted, reason: "the server keeps newer changes only")
        case "error": return .failed(id, FreshetError(.invalidInput, "the server refuses the subscription"))
        default: return .nothing(note: "a message of type \(envelope.type)")
        }
    }

    func continuity(of request: String) -> Continuity { .gapless }

    func mark(of payload: Bytes, in request: String) -> UpdateMark? {
        (try? Change(payload)).map { UpdateMark(position: Position(number: $0.rev)) }
    }
}

private struct Envelope: Decodable {
    let type: String
    let id: String?
}

/// Change `rev`: a document has another value, or none any more.
struct Change: Decodable {
    let rev: Int64
    let key: String
    let value: String?

    init(_ payload: Bytes) throws(FreshetError) {
        struct Result: Decodable { let payload: Payload }
        struct Payload: Decodable { let data: Root }
        struct Root: Decodable { let changes: Change }
        guard let result = try? JSONDecoder().decode(Result.self, from: Data(payload.array)) else {
            throw FreshetError(.decoding, "a result without a change")
        }
        self = result.payload.data.changes
    }

    var raw: RawChange {
        let version = String(self.rev)
        guard let value = self.value else { return .delete(key: self.key, version: version) }
        return .put(RawDocument(key: self.key, version: version, value: Bytes(copying: value.utf8)))
    }
}
