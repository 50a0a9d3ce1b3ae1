// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
import FreshetHTTP
package import FreshetTransport

/// A watch of the Kubernetes API, as one subscription of many on a `KubernetesLink`.
///
/// In Kubernetes each watch is a WebSocket of its own. The link makes one connection of them: it is told `watch` and `stop`,
/// and says in `KubernetesWord`s of which watch the events are that follow, and how a watch has ended.
///
/// A resourceVersion is opaque: it is kept and sent back, and never compared by its order.
package struct KubernetesSource: FeedSource {
    /// What to watch.
    package struct Request: Sendable, Hashable {
        /// Path and query, without a resourceVersion.
        let path: String

        package init(path: String) {
            self.path = path
        }

        func path(from position: Position?) -> String {
            guard let position else { return self.path }
            // One of another source's: the server says that it is none.
            let version = position.text ?? position.number.map { "\($0)" } ?? "unknown"
            return "\(self.path)&resourceVersion=\(HTTPQuery.encoded(version))"
        }
    }

    private struct Watch: Sendable {
        let request: Request
        var position: Position?
    }

    private var watches: [SubscriptionID: Watch] = [:]
    /// Whose events come now, and how many more.
    private var speaker: SubscriptionID = 0
    private var left = 0

    package init() {}

    package var subprotocols: [String] { [] }

    package func opened(subprotocol: String?, credentials: Credentials?) -> [WebSocketMessage] { [] }

    package mutating func subscribe(
        _ id: SubscriptionID,
        to request: Request,
        from position: Position?
    ) -> WebSocketMessage {
        let watch = Watch(request: request, position: position)
        self.watches[id] = watch
        return Self.command(id, watch)
    }

    private static func command(_ id: SubscriptionID, _ watch: Watch) -> WebSocketMessage {
        KubernetesCommand.watch(id, path: watch.request.path(from: watch.position)).message
    }

    package mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        self.watches[id] = nil
        return KubernetesCommand.stop(id).message
    }

    package func continuity(of request: Request) -> Continuity { .gapless }

    package func mark(of payload: Bytes, in request: Request) -> UpdateMark? {
        KubernetesEvent.position(of: payload).map { UpdateMark(key: nil, position: $0) }
    }

    // MARK: - What the link says

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        if self.left > 0 {
            self.left -= 1
            return self.event(message.payload)
        }
        switch KubernetesWord(message) {
        case .ready: return .ready
        case .events(let id, let count):
            self.speaker = id
            self.left = count
            return .nothing(note: nil)
        case .over(let id):
            // At once, and from where it stands: such an end is a part of every watch's life.
            return self.watches[id].map { .reply(Self.command(id, $0)) } ?? .nothing(note: nil)
        case .broken(let id, let reason, let delay):
            guard self.watches[id] != nil else { return .nothing(note: nil) }
            return .interrupted(id, FreshetError(.interrupted, reason), after: delay)
        case .gone(let id, let reason):
            return self.lost(id, reason)
        case .refused(let id, let status, let reason):
            guard self.watches.removeValue(forKey: id) != nil else { return .nothing(note: nil) }
            let hint = "check the selectors, and the position that it begins at"
            return .unreadable(id, FreshetError(.rejected(status: status), reason, hint: hint))
        case nil:
            return .nothing(note: "an unknown word of the link")
        }
    }

    private mutating func event(_ event: Bytes) -> SourceEvent {
        let id = self.speaker
        guard self.watches[id] != nil else { return .nothing(note: nil) }
        switch KubernetesEvent.kind(of: event) {
        case .added, .modified, .deleted:
            // Once for all that have come together: where it is watched on from when this watch ends.
            if self.left == 0, let position = KubernetesEvent.position(of: event) {
                self.watches[id]?.position = position
            }
            return .update(id, event)
        case .bookmark:
            guard let position = KubernetesEvent.position(of: event) else {
                return self.unreadable(id, "a bookmark without a version")
            }
            self.watches[id]?.position = position
            return .progress(id, position)
        case .error:
            return self.failed(id, KubernetesStatus(event: event))
        case nil:
            return self.unreadable(id, "an event without a known type")
        }
    }

    private mutating func failed(_ id: SubscriptionID, _ status: KubernetesStatus) -> SourceEvent {
        if status.isGone { return self.lost(id, status.words) }
        self.watches[id] = nil
        let error = FreshetError(.server(status: status.code), "the watch ended: \(status.words)")
        return .interrupted(id, error, after: status.retryAfter ?? .zero)
    }

    private mutating func lost(_ id: SubscriptionID, _ reason: String) -> SourceEvent {
        guard self.watches.removeValue(forKey: id) != nil else { return .nothing(note: nil) }
        return .historyLost(id, .compacted, reason: reason)
    }

    private mutating func unreadable(_ id: SubscriptionID, _ what: String) -> SourceEvent {
        // The link is told by `unsubscribe`.
        .unreadable(
            id,
            FreshetError(
                .protocolViolation,
                "this is no watch of the Kubernetes API: \(what)",
                hint: "check the server's URL"
            )
        )
    }
}
