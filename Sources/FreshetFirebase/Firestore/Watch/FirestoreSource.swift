// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport

/// Watches of a Firestore: one stream for all of them.
///
/// A change that was superseded while there was no connection is not seen, but the state that is told is one that the database
/// has had at one moment. After a drop each watch goes on from the server's token for what was told last.
package struct FirestoreSource: FeedSource {
    private var watch = FirestoreWatch()
    private var isOpen = false

    package init() {}

    package var subprotocols: [String] { [] }

    package func continuity(of request: FirestoreTarget) -> Continuity { .convergent }

    package mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] { [] }

    package mutating func subscribe(
        _ id: SubscriptionID,
        to request: FirestoreTarget,
        from position: Position?
    ) -> WebSocketMessage {
        WebSocketMessage(text: self.watch.listen(id, to: request, isResumed: position != nil))
    }

    package mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        self.watch.leave(id).map { WebSocketMessage(text: $0) }
    }

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        guard self.isOpen else {
            // The first one says that the channel is there.
            self.isOpen = true
            return .ready
        }
        guard let outputs = self.watch.receive(message.payload) else {
            let error = FreshetError(.interrupted, "a message of the watch is none of Firestore's")
            throw SourceViolation(code: 1007, reason: "", error: error)
        }
        var events: [SourceEvent] = []
        for output in outputs { events += Self.events(output) }
        return events.count == 1 ? events[0] : events.isEmpty ? .nothing(note: nil) : .several(events)
    }

    private static func events(_ output: FirestoreWatch.Output) -> [SourceEvent] {
        switch output {
        case .changed(let id, let payload, let isFirst):
            guard isFirst else { return [.update(id, payload)] }
            let position = Self.position(in: payload).map { [SourceEvent.progress(id, $0)] } ?? []
            return [.snapshot(id, payload)] + position
        case .failed(let id, let error): return [.failed(id, error)]
        case .interrupted(let id, let error): return [.interrupted(id, error, after: .seconds(1))]
        case .send(let message): return [.reply(WebSocketMessage(text: message))]
        case .over(let error): return [.refused(error)]
        case .odd(let note): return [.nothing(note: note)]
        }
    }

    package func mark(of payload: Bytes, in request: FirestoreTarget) -> UpdateMark? {
        Self.position(in: payload).map { UpdateMark(position: $0) }
    }

    /// Also where the server has given no token: the memory knows that then everything has to come again.
    private static func position(in payload: Bytes) -> Position? {
        payload.text(of: "token").map { Position(text: $0) }
    }
}
