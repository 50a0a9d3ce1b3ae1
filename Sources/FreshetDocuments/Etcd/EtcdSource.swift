// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
package import FreshetTransport

/// etcd's watch stream, as a client: what to say, and what the server's messages mean.
///
/// A feed stands at the revision of its last event, or at that of a progress message for its own watch: no other revision in a
/// message says that everything up to it has come. After a drop that revision is asked for once more, and dropped: asked for
/// the next one, etcd would serve it even where that is the one to which it has been compacted, and then a deletion in it is
/// left out without a word (etcd issue 19179).
///
/// Each watch gets a number of its own on the stream, never used twice: a server may still have something to say of a watch
/// that has been replaced. A watch that cannot be made is answered without its number, so they are made one by one.
package struct EtcdSource: FeedSource {
    private struct Watch {
        let id: SubscriptionID
        /// Where the feed stands; what is no newer has been handed out.
        let after: Int64?
        /// Of the last revision in a fragment more may come in the next one.
        var held: (revision: Int64, parts: [Bytes], bytes: Int)?
    }

    /// What may be held of one revision, in bytes; etcd takes transactions of 1.5 MiB by default.
    private static let heldLimit = 64 << 20
    /// A watch on the first of all keys, without any events: that it is answered says that the stream works.
    private static let greeting: Int64 = 1

    private var watches: [Int64: Watch] = [:]
    /// The number of each subscription's watch.
    private var numbers: [SubscriptionID: Int64] = [:]
    private var lastNumber = EtcdSource.greeting
    /// Those that were asked for and not answered yet, in order.
    private var creating: [Int64] = []
    /// Whether each watch has a stream of its own: one that is given up is not answered any more.
    private var isDivided = false

    package init() {}

    /// None: etcd takes any for credentials, and then refuses them.
    package var subprotocols: [String] { [] }

    package var subscribesOneByOne: Bool { true }

    package func continuity(of request: EtcdWatch) -> Continuity { .gapless }

    package mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        var nothing = EtcdWatch(EtcdRange(key: [0]))
        nothing.filters = EtcdFilter.allCases
        self.creating = [Self.greeting]
        self.isDivided = subprotocol == HTTPStreamTransport.subprotocol
        return [EtcdRequest.create(Self.greeting, nothing, from: nil)]
    }

    package mutating func subscribe(
        _ id: SubscriptionID,
        to request: EtcdWatch,
        from position: Position?
    ) -> WebSocketMessage {
        if let old = self.numbers[id] { self.watches[old] = nil }
        self.lastNumber += 1
        let after = position?.number
        self.numbers[id] = self.lastNumber
        self.watches[self.lastNumber] = Watch(id: id, after: after)
        self.creating.append(self.lastNumber)
        return EtcdRequest.create(self.lastNumber, request, from: after.map { max($0, 1) })
    }

    package mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        guard let number = self.numbers.removeValue(forKey: id) else { return nil }
        self.watches[number] = nil
        if self.isDivided { self.creating.removeAll { $0 == number } }
        return EtcdRequest.cancel(number)
    }

    package func mark(of payload: Bytes, in request: EtcdWatch) -> UpdateMark? {
        EtcdEvents.revision(of: payload).map { UpdateMark(position: Position(number: $0)) }
    }

    // MARK: - What the server says

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        guard let message = EtcdMessage(message.payload) else {
            throw Self.violation("a message that is not of etcd's watch")
        }
        guard message.hasResult else {
            return .refused(EtcdError(message.error ?? Bytes(copying: []), status: 0).error(of: "the watch stream"))
        }
        if message.isCreated { return self.created(message) }
        guard let watch = self.watches[message.watch] else { return .nothing(note: nil) }
        if let compacted = message.compactRevision {
            return self.lost(
                message.watch,
                .compacted,
                "etcd keeps nothing before revision \(compacted), and the feed stands at \(watch.after.map(String.init) ?? "one")"
            )
        }
        if message.isCanceled { return self.canceled(message) }
        guard let events = message.events else {
            guard let revision = message.revision, watch.held == nil else { return .nothing(note: nil) }
            return .progress(watch.id, Position(number: revision))
        }
        return self.received(events, isFragment: message.isFragment, of: message.watch, watch)
    }

    private mutating func created(_ message: EtcdMessage) -> SourceEvent {
        guard !self.creating.isEmpty else { return .nothing(note: "etcd has made a watch that nobody asked for") }
        // One that cannot be made has no number: it is the one that was asked for first.
        let number = message.isCanceled ? self.creating[0] : message.watch
        self.creating.removeAll { $0 == number }
        if number == Self.greeting {
            let error = message.isCanceled ? EtcdError(reason: message.cancelReason).error(of: "watches") : nil
            // A user who may not watch the first key may watch others.
            if let error, error.kind != .forbidden { return .refused(error) }
            return .several([.reply(EtcdRequest.cancel(number)), .ready])
        }
        guard let watch = self.watches[number] else { return .nothing(note: nil) }
        guard !message.isCanceled else { return self.canceled(message, number) }
        if let after = watch.after, let revision = message.revision, revision < after {
            // It would be silent until that revision, and leave out all that comes before.
            return self.lost(
                number,
                .historyLost,
                "the server is at revision \(revision), before \(after), where the feed stands: its store is another one"
            )
        }
        return .confirmed(watch.id)
    }

    /// The server's watch is of no more use; it is told so, for it keeps its number.
    private mutating func lost(_ number: Int64, _ cause: Gap.Cause, _ reason: String) -> SourceEvent {
        guard let watch = self.watches.removeValue(forKey: number) else { return .nothing(note: nil) }
        self.numbers[watch.id] = nil
        return .several([.reply(EtcdRequest.cancel(number)), .historyLost(watch.id, cause, reason: reason)])
    }

    /// The server's watch is over. It is cancelled all the same: a stream of its own would stay open, and silent. Where there is
    /// none, etcd does not answer.
    private mutating func canceled(_ message: EtcdMessage, _ given: Int64? = nil) -> SourceEvent {
        let number = given ?? message.watch
        guard let watch = self.watches.removeValue(forKey: number) else { return .nothing(note: nil) }
        self.numbers[watch.id] = nil
        let reason = EtcdError(reason: message.cancelReason)
        let error = reason.error(of: "the watch")
        return .several([
            .reply(EtcdRequest.cancel(number)),
            reason.isPassing ? .interrupted(watch.id, error, after: .zero) : .failed(watch.id, error),
        ])
    }

    // MARK: - Events

    private mutating func received(
        _ events: Bytes,
        isFragment: Bool,
        of number: Int64,
        _ watch: Watch
    ) -> SourceEvent {
        guard var revisions = EtcdEvents.revisions(in: events) else {
            return .unreadable(watch.id, Self.violation("events that cannot be read").error)
        }
        var updates: [SourceEvent] = []
        updates.reserveCapacity(revisions.count + 1)
        if watch.held != nil || isFragment {
            var watch = watch
            if let whole = Self.join(&watch, &revisions, isFragment) { revisions.insert(whole, at: 0) }
            self.watches[number] = watch
            guard watch.held.map({ $0.bytes <= Self.heldLimit }) ?? true else {
                return .unreadable(watch.id, Self.tooLarge)
            }
        }
        for revision in revisions where watch.after.map({ revision.revision > $0 }) ?? true {
            updates.append(.update(watch.id, revision.part))
        }
        return updates.count == 1 ? updates[0] : .several(updates)
    }

    /// Puts together what belongs to one revision, and holds back what may not be whole.
    ///
    /// - Returns: the revision that was held and is whole now.
    private static func join(
        _ watch: inout Watch,
        _ revisions: inout [(revision: Int64, part: Bytes)],
        _ isFragment: Bool
    ) -> (revision: Int64, part: Bytes)? {
        var whole: (revision: Int64, part: Bytes)?
        if var held = watch.held {
            if let first = revisions.first, first.revision == held.revision {
                held.parts.append(first.part)
                held.bytes += first.part.count
                revisions.removeFirst()
                watch.held = held
            }
            if !isFragment || !revisions.isEmpty {
                whole = (held.revision, Bytes.joined(Array(held.parts.map { [$0] }.joined(separator: [Self.comma]))))
                watch.held = nil
            }
        }
        if isFragment, let last = revisions.popLast() { watch.held = (last.revision, [last.part], last.part.count) }
        return whole
    }

    private static let comma = Bytes(copying: ",".utf8)

    private static let tooLarge = FreshetError(
        .messageTooLarge,
        "the changes of one revision are larger than \(Self.heldLimit) bytes",
        hint: "put less into one transaction"
    )

    private static func violation(_ what: String) -> SourceViolation {
        SourceViolation(
            code: 1002,
            reason: what,
            error: FreshetError(
                .protocolViolation,
                "the server sent \(what)",
                hint: "check that the URL is that of an etcd v3"
            )
        )
    }
}
