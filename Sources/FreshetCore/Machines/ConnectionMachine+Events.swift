// SPDX-License-Identifier: Apache-2.0

extension ConnectionMachine {
    package enum Timer: Sendable, Hashable {
        /// The next attempt.
        case retry
        /// The provider's answer.
        case credentials
        /// The source's handshake (connection_ack).
        case acknowledge
        /// The goodbye after the last feed.
        case linger
        /// The successor, before the credentials expire.
        case rotate
        /// The end of the overlap of two connections.
        case overlap
    }

    /// Why credentials are asked for.
    package enum CredentialReason: Sendable, Hashable {
        case connecting
        /// The live connection's are about to expire.
        case expiring
        /// The server refused the last ones.
        case refused
    }

    package enum Event: Sendable {
        /// Somebody listens now.
        case wanted
        /// Nobody listens any more.
        case unwanted
        case hint(ConnectionHint)
        /// The user of the feeds is signed out: they end.
        case signedOut(FreshetError)
        /// The client is closed for good.
        case close
        /// There are credentials, and how long they live.
        case credentials(Epoch, lifetime: Duration?)
        /// The WebSocket is open.
        case opened(Epoch)
        /// The source's handshake is done.
        case ready(Epoch)
        /// The attempt or the connection is over: always the last word of an epoch.
        case ended(Epoch, ConnectionEnd, ClosePolicy.Decision, isOverride: Bool = false)
        /// The first feed that can do without the WebSocket is there, or the last one is gone.
        case pollable(Bool)
        /// A poll that was to find out whether to live without the WebSocket has succeeded, or all of them have failed.
        case polled, pollFailed
        /// Every subscription is live on the successor.
        case handedOver(Epoch)
        case fired(Timer, Epoch)
    }

    package enum Action: Sendable, Equatable {
        case askCredentials(Epoch, CredentialReason)
        /// Nobody waits for the provider's answer any more.
        case dropCredentials(Epoch)
        case dial(Epoch)
        /// Begin the source's handshake.
        case handshake(Epoch)
        /// Send every subscription that waits; those that were live before have missed something.
        case subscribeAll(Epoch, outage: Duration, reason: String)
        /// Subscribe to everything on the second connection too, and say `handedOver` when that is live.
        case handOver(from: Epoch, to: Epoch)
        /// The time for that is over, or the old connection is: `handedOver` is understood.
        case forceHandOver(to: Epoch, outage: Duration, reason: String)
        /// The second connection is gone: everything stays where it is.
        case cancelHandOver(Epoch)
        case start(Timer, Duration, Epoch)
        case stop(Timer, Epoch)
        /// Ask the server whether it is still there.
        case probe(Epoch)
        case closeSocket(Epoch)
        case abandonSocket(Epoch, ConnectionEnd)
        /// What was subscribed on this connection is lost for now.
        case lost(Epoch)
        /// Feeds that can do without the WebSocket ask their snapshot function from now on; as a trial, until `polled` or
        /// `pollFailed`, they say nothing of it yet.
        case poll(because: FreshetError, isTrial: Bool)
        /// No more: the subscriptions take over, or nobody asks for now.
        case stopPolling(subscriptionsFollow: Bool)
        /// Every feed that cannot do without the WebSocket ends with this error.
        case failUnpollable(FreshetError)
        /// Every feed ends with this error.
        case fail(FreshetError)
        case report(ConnectionState)
    }

    /// Whether there should be a connection.
    var isWanted: Bool {
        if case .closed = self.state { return false }
        return (self.wanted || self.policy.eager) && !self.suspended
    }

    mutating func becameWanted() -> [Action] {
        switch self.state {
        case .idle: self.isWanted ? self.dial() : []
        case .live(let live): [.stop(.linger, live.epoch)]
        default: []
        }
    }

    mutating func becameUnwanted(at now: Duration) -> [Action] {
        guard !self.policy.eager else { return [] }
        if case .live(let live) = self.state, self.policy.linger > .zero { return self.lingerIfUnwanted(live.epoch) }
        return self.leave(forGood: false, at: now)
    }

    func lingerIfUnwanted(_ epoch: Epoch) -> [Action] {
        guard !self.wanted, !self.policy.eager else { return [] }
        return [.start(.linger, self.policy.linger, epoch)]
    }

    mutating func hinted(_ hint: ConnectionHint, at now: Duration) -> [Action] {
        switch (hint, self.state) {
        // A trial is over within the deadline of a snapshot.
        case (.networkChanged, .waiting) where self.trial == nil, (.credentialsChanged, .waiting) where self.isPolling:
            return [.stop(.retry, self.lastEpoch)] + self.dial()
        case (.networkChanged, .live(let live)):
            return [.probe(live.epoch)]
        case (.credentialsChanged, .parked):
            return self.dial()
        case (.suspend, _) where !self.suspended:
            self.suspended = true
            if self.wanted { self.noteLoss(FreshetError(.closed(code: 1000), "the connection was suspended"), at: now) }
            return self.leave(forGood: false, at: now)
        case (.resume, let state) where self.suspended:
            self.suspended = false
            switch state {
            case .suspended, .idle:
                self.state = .idle
                return self.isWanted ? self.dial() : [.report(.idle)]
            default:
                return []
            }
        default:
            return []
        }
    }

    mutating func fired(_ timer: Timer, _ epoch: Epoch, at now: Duration) -> [Action] {
        switch (timer, self.state) {
        case (.retry, .waiting) where epoch == self.lastEpoch:
            return self.dial()
        case (.linger, .live(let live)) where live.epoch == epoch && !self.wanted:
            return self.leave(forGood: false, at: now)
        case (.rotate, .live(let live)) where live.epoch == epoch:
            return self.rotate()
        case (.overlap, .live) where self.overlapping && self.successor?.epoch == epoch:
            return [.forceHandOver(to: epoch, outage: .zero, reason: "the connection was replaced")]
                + self.handedOver(epoch, at: now)
        case (.credentials, _) where self.isUnderWay(epoch, .credentials):
            let error = FreshetError(
                .timeout(.credentials),
                "the provider of credentials did not answer within \(self.policy.credentials)"
            )
            return [.dropCredentials(epoch), .abandonSocket(epoch, .failure(error))]
        case (.acknowledge, _) where self.isUnderWay(epoch, .acknowledging):
            let error = FreshetError(
                .timeout(.acknowledge),
                "the server did not acknowledge the connection within \(self.policy.acknowledge)",
                hint: "check that the URL is a GraphQL WebSocket endpoint"
            )
            return [.abandonSocket(epoch, .failure(error))]
        default:
            return []
        }
    }

    private func isUnderWay(_ epoch: Epoch, _ phase: Attempt.Phase) -> Bool {
        if case .connecting(let attempt) = self.state, attempt.epoch == epoch { return attempt.phase == phase }
        return self.successor?.epoch == epoch && self.successor?.phase == phase && !self.overlapping
    }
}
