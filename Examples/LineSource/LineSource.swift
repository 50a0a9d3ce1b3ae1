// SPDX-License-Identifier: Apache-2.0

import Freshet

/// A source for a made-up server that speaks in lines: `sub 1 weather` begins subscription 1, `1 17 sunny` is event 17 of
/// it, `end 1` ends it. `sub 1 weather 17` begins after event 17.
struct LineSource: FeedSource {
    let subprotocols = ["lines"]

    mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        [WebSocketMessage(text: "hello")]
    }

    func subscribe(_ id: SubscriptionID, to topic: String, from position: Position?) -> WebSocketMessage {
        WebSocketMessage(text: "sub \(id) \(topic)" + (position?.text.map { " \($0)" } ?? ""))
    }

    func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        WebSocketMessage(text: "unsub \(id)")
    }

    mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let words = message.text.split(separator: " ", maxSplits: 1).map(String.init)
        switch (words.first, words.dropFirst().first) {
        case ("welcome", _): return .ready
        case ("end", let id?): return SubscriptionID(id).map { .completed($0) } ?? .nothing(note: "end of \(id)")
        case (let id?, let event?):
            guard let id = SubscriptionID(id) else { return .nothing(note: "a line that is not understood") }
            return .update(id, Bytes(copying: event.utf8))
        default:
            throw SourceViolation(
                code: 4000,
                reason: "a line of one word",
                error: FreshetError(.protocolViolation, "the server sent a line of one word")
            )
        }
    }

    func continuity(of topic: String) -> Continuity { .gapless }

    /// An event's number is its key and its position.
    func mark(of payload: Bytes, in topic: String) -> UpdateMark? {
        guard let number = payload.text.split(separator: " ").first.map(String.init) else { return nil }
        return UpdateMark(key: .string(number), position: Position(text: number))
    }
}
