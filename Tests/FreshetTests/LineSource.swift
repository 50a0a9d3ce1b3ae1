// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport

/// The simplest protocol there can be: `hello`, `ready`, `sub 1 topic`, `1 text`, `end 1`, `bad 1`, `unsub 1`. A topic with a
/// question mark has one text. A `ping` is answered with `pong`.
struct LineSource: FeedSource {
    var subprotocols: [String] { ["lines"] }

    mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        guard subprotocol == "lines" else { throw Self.violation("no lines") }
        return [WebSocketMessage(text: "hello")]
    }

    func subscribe(_ id: SubscriptionID, to request: String, from position: Position?) -> WebSocketMessage {
        WebSocketMessage(text: "sub \(id) \(request)")
    }

    func ping() -> WebSocketMessage? { WebSocketMessage(text: "ping") }

    func kind(of request: String) -> OperationKind { request.hasSuffix("?") ? .query : .subscription }

    func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        WebSocketMessage(text: "unsub \(id)")
    }

    mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let text = message.payload.text
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        switch words.first {
        case "ready": return .ready
        case "pong": return .answered
        case "ask": return .reply(WebSocketMessage(text: "answer"))
        case "end": return .completed(SubscriptionID(words[1]) ?? 0)
        case "bad": return .failed(SubscriptionID(words[1]) ?? 0, FreshetError(.invalidInput, "refused"))
        case "broken": throw Self.violation("broken")
        default:
            guard let id = words.first.flatMap({ SubscriptionID($0) }) else { return .nothing(note: nil) }
            return .update(id, Bytes(copying: words[1].utf8))
        }
    }

    private static func violation(_ what: String) -> SourceViolation {
        SourceViolation(
            code: 4004,
            reason: what,
            error: FreshetError(.protocolViolation, "the server is \(what)")
        )
    }
}
