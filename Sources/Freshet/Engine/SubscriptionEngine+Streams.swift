// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// Streams and their consumers: who begins them, who hears what, how they end.
extension SubscriptionEngine {
    func fetchDeadline(of id: SubscriptionID) -> Duration { self.streams[id]?.fetchDeadline ?? .zero }

    func snapshotTimeout(of id: SubscriptionID) -> FreshetError {
        FreshetError(.timeout(.snapshot), "the snapshot did not come within \(self.fetchDeadline(of: id))")
    }

    mutating func open(_ consumer: ConsumerID, _ opening: Opening) {
        guard !self.isClosed else {
            let error = FreshetError(.clientClosed, "the client has been closed")
            self.actions.append(.finish(consumer, .failed(error)))
            return
        }
        if let sharing = opening.sharing, let id = self.shared[sharing], let stream = self.streams[id] {
            self.streams[id]?.consumers.append(consumer)
            self.consumers[consumer] = id
            if !stream.last.isEmpty { self.actions.append(.deliver([consumer], stream.last)) }
            return
        }
        self.lastID += 1
        let id = self.lastID
        let kind = self.template.kind(of: opening.request)
        let sharing = kind == .subscription ? opening.sharing : nil
        self.streams[id] = Stream(
            request: opening.request,
            kind: kind,
            sharing: sharing,
            consumers: [consumer],
            continuity: ContinuityMachine(opening.recovery, from: opening.position),
            isPollable: opening.isPollable && kind == .subscription,
            hearsBookmarks: opening.hearsBookmarks,
            fetchDeadline: opening.fetchDeadline
        )
        self.consumers[consumer] = id
        if let sharing { self.shared[sharing] = id }
        self.drive(.wanted)
        self.beganPollable(id)
        // Of two connections the new one: it stays.
        guard let epoch = self.handOver?.epoch ?? self.current else { return }
        self.connections[epoch]?.table.add(id)
        self.pump(epoch)
    }

    mutating func leave(_ consumer: ConsumerID) {
        self.drained(consumer)
        guard let id = self.consumers.removeValue(forKey: consumer) else { return }
        self.streams[id]?.consumers.removeAll { $0 == consumer }
        guard self.streams[id]?.consumers.isEmpty == true else { return }
        self.forget(id)
    }

    /// The server ended it, or we did: then the server is told.
    mutating func end(_ id: SubscriptionID, _ end: DeliveryBuffer<FeedItem>.End, byServer: Bool = true) {
        guard let stream = self.streams[id] else { return }
        for consumer in stream.consumers {
            self.consumers[consumer] = nil
            self.actions.append(.finish(consumer, end))
            self.drained(consumer)
        }
        // On the connection where it ended there is nothing to unsubscribe.
        if byServer, let home = stream.home { _ = self.connections[home]?.table.remove(id) }
        self.forget(id)
    }

    /// The server ended it, on this connection.
    mutating func endedByServer(_ id: SubscriptionID, _ end: DeliveryBuffer<FeedItem>.End, on epoch: Epoch) {
        self.end(id, end)
        self.heard(of: id, on: epoch)
    }

    /// Where each waits for the server's word on the one before, this was the word: the next one has its turn.
    mutating func heard(of id: SubscriptionID, on epoch: Epoch) {
        guard self.template.subscribesOneByOne else { return }
        self.actions.append(.stop(.confirmation(epoch, id)))
        self.connections[epoch]?.table.confirmed(id)
        self.pump(epoch)
    }

    private mutating func forget(_ id: SubscriptionID) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        if let sharing = stream.sharing { self.shared[sharing] = nil }
        if !stream.continuity.isLive { self.stopFetching(id, stream.continuity.fetch) }
        if let poll = stream.poll { self.stopAsking(id, poll) }
        if stream.failures > 0 { self.actions.append(.stop(.again(id))) }
        if stream.speaksEvery != nil { self.actions.append(.stop(.silenceOf(id))) }
        self.unsubscribe(id)
        self.handOver?.overlaps[id] = nil
        if self.streams.isEmpty { self.drive(.unwanted) } else { self.takeOverIfReady() }
        if stream.isPollable { self.endedPollable() }
        self.reportState()
    }

    /// Ends it on the servers that know it.
    mutating func unsubscribe(_ id: SubscriptionID) {
        for epoch in self.connections.keys.sorted() where self.connections[epoch]?.isClosing == false {
            guard self.connections[epoch]?.table.remove(id) == true else { continue }
            if let message = self.connections[epoch]?.source.unsubscribe(id) {
                self.actions.append(.send(epoch, message))
            }
            self.pump(epoch)
        }
    }

    static var outcomeUnknown: FreshetError {
        FreshetError(
            .outcomeUnknown,
            "the connection broke before the result came: whether the operation was executed is unknown",
            hint: "look at the state on the server before sending it again"
        )
    }

    // MARK: - Losing

    /// A connection is gone, and with it what was live on it.
    mutating func lost(_ epoch: Epoch) {
        if self.current == epoch { self.current = nil }
        for id in self.streams.keys.sorted() where self.streams[id]?.home == epoch { self.lose(id, because: "") }
    }

    /// `because` may be empty where the connection's machine will say it.
    mutating func lose(_ id: SubscriptionID, because reason: String) {
        self.expectSilence(of: id)
        guard var stream = self.streams[id] else { return }
        stream.home = nil
        guard stream.kind != .mutation else {
            return self.end(id, .failed(Self.outcomeUnknown))
        }
        if stream.lostAt == nil {
            stream.lostAt = self.now
            stream.lostBecause = reason
        }
        let actions = stream.continuity.lost()
        stream.poll = nil
        self.streams[id] = stream
        self.perform(actions, of: id)
    }

    /// The server cannot serve it now.
    mutating func interrupted(_ id: SubscriptionID, _ error: FreshetError, after floor: Duration, on epoch: Epoch) {
        if self.isOverlapping(id, on: epoch) {
            // It rests when the new one takes over.
            self.handOver?.interrupted[id] = (error, floor)
            return self.endOverlap(id, on: epoch)
        }
        guard self.streams[id]?.home == epoch else { return }
        self.connections[epoch]?.table.rest(id)
        self.lose(id, because: error.message)
        guard let failures = self.streams[id]?.failures else { return }
        self.streams[id]?.failures = failures + 1
        let delay = self.policy.subscriptionBackoff.delay(attempt: failures + 1, jitter: self.jitter, floor: floor)
        self.actions.append(.start(.again(id), delay))
        self.pump(epoch)
    }

    mutating func subscribeAgain(_ id: SubscriptionID) {
        // What came while the connection is replaced is on the new one alone.
        let epochs = [self.current, self.handOver?.epoch].compactMap { $0 }
        guard let epoch = epochs.first(where: { self.connections[$0]?.table.contains(id) == true }) else { return }
        self.connections[epoch]?.table.requeue(id)
        self.pump(epoch)
    }

    // MARK: - Delivering

    mutating func perform(_ actions: [ContinuityMachine.Action], of id: SubscriptionID) {
        for action in actions {
            switch action {
            case .deliver(let items): self.deliver(items, of: id)
            case .fetch(let number, let gap):
                guard let consumer = self.streams[id]?.consumers.first else { continue }
                let validator = self.streams[id]?.poll?.validator
                let request = SnapshotRequest(gap: gap, validator: validator, overSocket: true)
                self.actions += [
                    .fetch(id, number, request, for: consumer), .start(.fetch(id, number), self.fetchDeadline(of: id)),
                ]
            case .fetchLater(let number): self.fetchLater(id, number)
            case .cancelFetch: self.stopFetching(id, self.streams[id]?.continuity.fetch ?? 0)
            case .subscribeAgain: self.subscribeAgain(id)
            case .askAgain(let reason): self.askAgain(id, because: reason)
            case .fail(let error): self.end(id, .failed(error), byServer: false)
            case .note(let text): self.actions.append(.note(text))
            }
        }
    }

    mutating func deliver(_ items: [FeedItem], of id: SubscriptionID) {
        guard let stream = self.streams[id], !items.isEmpty else { return }
        if stream.sharing != nil { self.streams[id]?.last = Self.last(of: items, after: stream.last) }
        self.actions.append(.deliver(stream.consumers, items))
    }

    private static func last(of items: [FeedItem], after earlier: [FeedItem]) -> [FeedItem] {
        var last = earlier
        if let place = items.lastIndex(where: \.isDroppable) { last = [items[place].detached()] }
        // Gaps after it, as one. Without an element before them they tell a newcomer nothing.
        for item in items.reversed().prefix(while: { !$0.isDroppable }) where !last.isEmpty {
            last = last.count == 1 ? last + [item] : [last[0], last[1].merged(with: item) ?? item]
        }
        return last
    }

    private mutating func stopFetching(_ id: SubscriptionID, _ number: Int) {
        guard number > 0 else { return }
        self.actions += [.cancelFetch(id), .stop(.fetch(id, number)), .stop(.refetch(id, number))]
    }

    mutating func fetched(_ id: SubscriptionID, _ number: Int, _ result: Result<Fetched, FreshetError>) {
        guard self.streams[id]?.continuity.isFetching(number) == true else { return }
        self.actions.append(.stop(.fetch(id, number)))
        switch result {
        case .success(let fetched):
            guard let fetched = self.withoutWhatWasPolled(fetched, of: id) else {
                return self.end(id, .failed(PollMachine.unchangedFromNothing), byServer: false)
            }
            if let actions = self.streams[id]?.continuity.fetched(number, fetched) { self.perform(actions, of: id) }
            guard let stream = self.streams[id], stream.continuity.isLive else { return }
            // A list says nothing of whether the server can watch from there.
            if !stream.continuity.listsFirst { self.streams[id]?.failures = 0 }
            self.streams[id]?.poll = nil
        case .failure(let error):
            switch self.policy.close.decision(on: .failure(error)) {
            case .fatal: return self.end(id, .failed(error), byServer: false)
            // Nobody else asks for other credentials: a list is no connection's.
            case .refreshCredentials where self.streams[id]?.continuity.isListing == true:
                return self.end(id, .failed(error), byServer: false)
            case .refreshCredentials, .retry, .retryAfter: self.fetchLater(id, number)
            }
        }
    }

    private mutating func fetchLater(_ id: SubscriptionID, _ number: Int) {
        guard let failures = self.streams[id]?.failures else { return }
        self.streams[id]?.failures = failures + 1
        let delay = self.policy.subscriptionBackoff.delay(attempt: failures + 1, jitter: self.jitter)
        self.actions.append(.start(.refetch(id, number), delay))
    }

    // MARK: - Back-pressure

    mutating func becameFull(_ consumer: ConsumerID) {
        guard self.consumers[consumer] != nil, self.full.insert(consumer).inserted, self.full.count == 1 else { return }
        self.actions += self.readyEpochs.map { .pauseReading($0) }
    }

    /// Only a connection that is ready: the handshake of another one has to be read.
    mutating func pauseIfFull(_ epoch: Epoch) {
        if !self.full.isEmpty { self.actions.append(.pauseReading(epoch)) }
    }

    private var readyEpochs: [Epoch] { [self.current, self.handOver?.epoch].compactMap { $0 } }

    mutating func drained(_ consumer: ConsumerID) {
        guard self.full.remove(consumer) != nil, self.full.isEmpty else { return }
        // What was not read was not silence.
        for id in self.streams.keys where self.streams[id]?.speaksEvery != nil {
            self.streams[id]?.lastHeard = self.now
        }
        self.actions += self.readyEpochs.map { .resumeReading($0) }
    }
}
