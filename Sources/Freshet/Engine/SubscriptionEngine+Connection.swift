// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// Carrying out what the connection's machine decides.
extension SubscriptionEngine {
    mutating func drive(_ event: ConnectionMachine.Event) {
        for action in self.machine.on(event, at: self.now, jitter: self.jitter) { self.perform(action) }
    }

    private mutating func perform(_ action: ConnectionMachine.Action) {
        switch action {
        case .askCredentials(let epoch, let reason): self.actions.append(.askCredentials(epoch, reason.forProvider))
        case .dropCredentials(let epoch): self.actions.append(.dropCredentials(epoch))
        case .dial(let epoch):
            let credentials = self.credentials[epoch]
            self.connections[epoch] = Connection(source: self.template, credentials: credentials)
            self.actions.append(.dial(epoch, credentials))
        case .handshake(let epoch): self.beginHandshake(epoch)
        case .subscribeAll(let epoch, _, let reason): self.subscribeAll(epoch, because: reason)
        case .handOver(_, let epoch): self.beginHandOver(to: epoch)
        case .forceHandOver(let epoch, _, let reason): self.takeOver(epoch, because: reason)
        case .cancelHandOver(let epoch): self.cancelHandOver(epoch)
        case .start(let timer, let delay, let epoch): self.actions.append(.start(.connection(timer, epoch), delay))
        case .stop(let timer, let epoch): self.actions.append(.stop(.connection(timer, epoch)))
        case .probe(let epoch): self.actions.append(.probe(epoch))
        case .closeSocket(let epoch): self.closeConnection(epoch, CloseFrame(code: 1000, reason: ""), .ours)
        case .abandonSocket(let epoch, let end):
            // Without a socket, as while credentials are waited for, nobody else would say that it is over.
            guard self.connections[epoch] != nil else { return self.abandoned(epoch, end) }
            self.connections[epoch]?.isClosing = true
            self.actions.append(.abandon(epoch, end))
        case .lost(let epoch): self.lost(epoch)
        case .poll(let error, let isTrial): self.startPolling(because: error, isTrial: isTrial)
        case .stopPolling(let subscriptionsFollow): self.stopPolling(subscriptionsFollow: subscriptionsFollow)
        case .failUnpollable(let error):
            for id in self.streams.keys.sorted() where self.streams[id]?.isPollable == false {
                self.end(id, .failed(error))
            }
        case .fail(let error): for id in self.streams.keys.sorted() { self.end(id, .failed(error)) }
        case .report(let state):
            self.reported = state
            switch state {
            case .waiting(_, _, let error), .polling(_, _, let error): self.blame(error)
            default: break
            }
            self.reportState()
        }
    }

    private mutating func abandoned(_ epoch: Epoch, _ end: ConnectionEnd) {
        let verdict = self.policy.close.verdict(on: end)
        self.drive(.ended(epoch, end, verdict.decision, isOverride: verdict.isOverride))
    }

    /// Streams that were lost because of it say so in their gaps.
    private mutating func blame(_ error: FreshetError) {
        for id in self.streams.keys where self.streams[id]?.lostAt == self.now {
            self.streams[id]?.lostBecause = error.message
        }
    }

    mutating func reportState() {
        var state = self.reported
        if state == .live, let current = self.current, let resting = self.connections[current]?.table.resting,
            resting > 0
        {
            state = .degraded(subscriptions: resting)
        }
        guard state != self.said else { return }
        self.said = state
        self.actions.append(.report(state))
    }

    mutating func closeConnection(_ epoch: Epoch, _ frame: CloseFrame, _ end: ConnectionEnd) {
        guard self.connections[epoch]?.isClosing == false else { return }
        self.connections[epoch]?.isClosing = true
        self.connections[epoch]?.closedAs = end
        self.actions.append(.close(epoch, frame, end))
    }

    private mutating func beginHandshake(_ epoch: Epoch) {
        guard var connection = self.connections[epoch] else { return }
        connection.lastHeard = self.now
        do throws(SourceViolation) {
            let messages = try connection.source.opened(
                subprotocol: connection.subprotocol,
                credentials: connection.credentials
            )
            self.connections[epoch] = connection
            self.actions += messages.map { .send(epoch, $0) }
        } catch {
            self.connections[epoch] = connection
            self.closeConnection(epoch, error.frame, .failure(error.error))
        }
    }

    // MARK: - Subscribing

    private mutating func subscribeAll(_ epoch: Epoch, because reason: String) {
        // Where there was no wait, nothing has said yet why they were lost.
        for id in self.streams.keys where self.streams[id]?.lostAt != nil && self.streams[id]?.lostBecause == "" {
            self.streams[id]?.lostBecause = reason
        }
        self.current = epoch
        self.actions.append(.connected(epoch))
        let table = self.makeTable(self.streams.keys.sorted())
        self.connections[epoch]?.table = table
        self.pauseIfFull(epoch)
        self.pump(epoch)
    }

    func makeTable(_ ids: [SubscriptionID]) -> SubscriptionTable {
        SubscriptionTable(ids, pace: self.policy.pace, oneByOne: self.template.subscribesOneByOne)
    }

    /// Sends what may be sent on a connection now.
    mutating func pump(_ epoch: Epoch) {
        // What still waits on a connection that we are leaving has its turn on the next one.
        guard !self.isMoving, self.connections[epoch]?.isClosing == false else { return }
        var sent: [SubscriptionID] = []
        sending: while true {
            guard let step = self.connections[epoch]?.table.next(at: self.now) else { break }
            switch step {
            case .send(let id):
                if self.mustList(id) {
                    self.list(id, on: epoch)
                } else {
                    self.send(id, on: epoch)
                    sent.append(id)
                }
            case .wait(let delay):
                self.actions.append(.start(.pace(epoch), delay))
                break sending
            case .nothing:
                break sending
            }
        }
        self.settle(sent, on: epoch)
        self.reportState()
    }

    private mutating func send(_ id: SubscriptionID, on epoch: Epoch) {
        guard var stream = self.streams[id], self.connections[epoch] != nil else { return }
        let message = self.connections[epoch]?.source.subscribe(
            id,
            to: stream.request,
            from: stream.continuity.position
        )
        if let message { self.actions.append(.send(epoch, message)) }
        if self.template.subscribesOneByOne {
            self.actions.append(.start(.confirmation(epoch, id), self.policy.acknowledge))
        }
        if self.handOver?.epoch == epoch, let current = self.current,
            self.connections[current]?.table.contains(id) == true
        {
            self.handOver?.overlaps[id] = stream.continuity.overlap()
            return
        }
        stream.home = epoch
        let gap = stream.takeGap(at: self.now)
        stream.outage = gap.outage
        let actions = stream.continuity.subscribed(gap: gap)
        if stream.continuity.isLive { stream.poll = nil }
        self.streams[id] = stream
        // What has one result misses nothing by being asked again: a gap would be taken for the result.
        if stream.kind == .subscription { self.perform(actions, of: id) }
    }

    /// Finds out when the server has read these subscriptions, where that matters.
    private mutating func settle(_ ids: [SubscriptionID], on epoch: Epoch) {
        let waiting = ids.filter { id in
            guard let stream = self.streams[id], stream.kind == .subscription else { return false }
            return self.handOver?.epoch == epoch || !stream.continuity.isLive
        }
        guard !waiting.isEmpty else { return }
        guard let connection = self.connections[epoch], connection.pings.count < Self.pingLimit,
            let ping = connection.source.ping()
        else { return self.confirmed(waiting, on: epoch) }
        self.connections[epoch]?.pings.append(.subscriptions(waiting))
        self.actions += [.send(epoch, ping), .start(.settle(epoch), Self.settleDeadline)]
    }

    /// A server that leaves so many unanswered does not answer at all.
    private static var pingLimit: Int { 32 }

    /// A server that does not answer the source's ping has had time enough to read what came before it.
    static var settleDeadline: Duration { .seconds(2) }

    mutating func confirmed(_ ids: [SubscriptionID], on epoch: Epoch) {
        for id in ids {
            self.connections[epoch]?.table.confirmed(id)
            if self.isOverlapping(id, on: epoch) {
                self.handOver?.overlaps[id]?.confirmed()
            } else if self.streams[id]?.home == epoch, let actions = self.streams[id]?.continuity.confirmed() {
                self.perform(actions, of: id)
            }
        }
        if self.handOver?.epoch == epoch { self.takeOverIfReady() }
    }

    mutating func fired(_ timer: Timer) {
        switch timer {
        case .connection(let timer, let epoch):
            self.drive(.fired(timer, epoch))
        case .pace(let epoch):
            self.pump(epoch)
        case .settle(let epoch):
            // Unread answers are not missing ones.
            guard self.full.isEmpty else { return self.actions.append(.start(timer, Self.settleDeadline)) }
            for (place, ping) in (self.connections[epoch]?.pings ?? []).enumerated() {
                // Only an answer says that everything has come: a connection that is dead says nothing either.
                guard case .subscriptions(let ids) = ping else { continue }
                self.connections[epoch]?.pings[place] = .spent
                self.confirmed(ids, on: epoch)
            }
        case .lastWord(let epoch):
            self.heardLastWord(epoch)
        case .silence(let epoch):
            self.heardNothing(epoch)
        case .silenceOf(let id):
            self.heardNothing(of: id)
        case .confirmation(let epoch, let id):
            self.confirmed([id], on: epoch)
            self.pump(epoch)
        case .again(let id):
            // On another connection it may have been subscribed meanwhile.
            if self.streams[id]?.home == nil { self.subscribeAgain(id) }
        case .fetch(let id, let number):
            guard self.streams[id]?.continuity.isFetching(number) == true else { return }
            self.actions.append(.cancelFetch(id))
            self.fetched(id, number, .failure(self.snapshotTimeout(of: id)))
        case .nextPoll(let id): self.pollAgain(id)
        case .poll(let id, let number): self.pollTimedOut(id, number)
        case .refetch(let id, let number):
            if let actions = self.streams[id]?.continuity.refetch(number) { self.perform(actions, of: id) }
        }
    }

    private mutating func heardNothing(_ epoch: Epoch) {
        guard let connection = self.connections[epoch], let longest = connection.speaksEvery else { return }
        let quiet = self.now - connection.lastHeard
        guard quiet >= longest, self.full.isEmpty else {
            self.actions.append(.start(.silence(epoch), max(longest - quiet, .seconds(1))))
            return
        }
        let error = FreshetError(.timeout(.keepAlive), "the server was silent for longer than it said: \(longest)")
        self.connections[epoch]?.isClosing = true
        self.actions.append(.abandon(epoch, .failure(error)))
    }
}

extension ConnectionMachine.CredentialReason {
    fileprivate var forProvider: Credentials.Reason {
        switch self {
        case .connecting: .connecting
        case .expiring: .expiring
        case .refused: .refused
        }
    }
}
