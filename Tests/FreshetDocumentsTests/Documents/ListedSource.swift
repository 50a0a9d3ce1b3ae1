// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport

@testable import FreshetDocuments

/// A source whose server lists first: `watch 1 after 7`; `1 8 a x` (change 8 of document a), `1 mark 9`, `1 gone`, `1 state …`.
struct ListedSource: FeedSource {
    var subprotocols: [String] { [] }

    mutating func opened(subprotocol: String?, credentials: Credentials?) throws(SourceViolation) -> [WebSocketMessage]
    {
        [WebSocketMessage(text: "hello")]
    }

    func subscribe(_ id: SubscriptionID, to request: String, from position: Position?) -> WebSocketMessage {
        WebSocketMessage(text: "watch \(id) after \(position?.number.map(String.init) ?? "nothing")")
    }

    func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? { WebSocketMessage(text: "unwatch \(id)") }

    mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let words = message.text.split(separator: " ", maxSplits: 1).map(String.init)
        guard let id = SubscriptionID(words[0]), words.count == 2 else { return .ready }
        let rest = words[1]
        if rest == "gone" { return .historyLost(id, .compacted, reason: "only what is newer is kept") }
        if rest.hasPrefix("mark ") {
            return .progress(id, Position(number: Int64(rest.dropFirst(5)) ?? 0))
        }
        if rest.hasPrefix("state ") { return .snapshot(id, Bytes(copying: rest.dropFirst(6).utf8)) }
        return .update(id, Bytes(copying: rest.utf8))
    }

    func continuity(of request: String) -> Continuity { .gapless }

    func mark(of payload: Bytes, in request: String) -> UpdateMark? {
        let number = payload.text.split(separator: " ").first.flatMap { Int64($0) }
        return UpdateMark(position: number.map { Position(number: $0) })
    }

    static let reader = DocumentReader(
        changes: { payload throws(FreshetError) in
            let words = payload.text.split(separator: " ").map(String.init)
            guard words.count == 3, let number = Int64(words[0]) else { throw FreshetError(.decoding, "no change") }
            let document = RawDocument(key: words[1], version: words[0], value: Bytes(copying: words[2].utf8))
            return RawChanges([.put(document)], position: Position(number: number))
        },
        listing: { payload throws(FreshetError) in
            let documents = payload.text.split(separator: ",").map { text in
                let words = text.split(separator: " ").map(String.init)
                return RawDocument(key: words[1], version: words[0], value: Bytes(copying: words[2].utf8))
            }
            return DocumentListing(documents, position: nil)
        }
    )
}
