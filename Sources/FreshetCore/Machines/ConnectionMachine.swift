// SPDX-License-Identifier: Apache-2.0

/// The life of the connection behind the feeds: when to dial, what to wait for, when to try again.
///
/// ```
///            wanted                                  ready
///     idle ──────────▶ connecting: credentials, dial, acknowledgement ──────▶ live ──┐ rotate: a successor goes the
///      ▲                ▲   │ ended                                           │  ▲   │ same way beside it, takes over,
///      │      retry,    │   ▼                                                 │  └───┘ and the old one is closed
///      ├─ unwanted ── waiting ◀─────────────────────── ended ─────────────────┤
///      │            (perhaps polling)                                         │
///      │                │ refused twice                                       │
///      │                ▼                                                     │
///      ├─ unwanted ── parked ── new credentials ──▶ connecting                │
///      └── ended ──── closing ◀──────── unwanted, suspend or close ───────────┘
/// ```
///
/// It reads no clock and draws no random number: both come in with each event. Every attempt has an epoch; what an older
/// one still says is dropped. There is never more than one connection, but while credentials are replaced: then two.
package struct ConnectionMachine: Sendable {
    /// Counts attempts, for ever upwards.
    package typealias Epoch = UInt64

    /// The connection, or attempt, that counts; a successor stands beside it.
    enum State {
        case idle, waiting, parked, suspended
        case connecting(Attempt)
        case live(Live)
        case closing(Epoch)
        /// For good; with the socket that is not closed yet.
        case closed(Epoch?)
    }

    struct Attempt {
        enum Phase { case credentials, dialing, acknowledging }

        let epoch: Epoch
        var phase: Phase
        /// When its credentials end, and when they began.
        var expiry: Duration?
        var had: Duration = .zero
    }

    /// What is waited for before the next attempt, and why.
    struct Pause {
        let delay: Duration
        let error: FreshetError
        /// Whether there seems to be no WebSocket to be had.
        let isBlocked: Bool
    }

    struct Live {
        let epoch: Epoch
        let since: Duration
        let expiry: Duration?
    }

    let policy: ConnectionPolicy
    let hasCredentials: Bool
    var state = State.idle
    var lastEpoch: Epoch = 0
    var wanted = false
    var suspended = false
    var everReady = false
    /// Failures one after another, since the last healthy time.
    var failures = 0
    /// Whether others were asked for because the server refused some, and none were accepted since.
    var askedForOthers = false
    /// The same, and none have proven good since.
    var refreshed = false
    /// Whether there are newer ones than those of the live connection, which is to be replaced.
    var hasNewer = false
    /// Whether the next attempt asks for others than the last ones.
    var wantsOthers = false
    var lostAt: Duration?
    var lostBecause = ""
    /// Whether there are feeds that can do without the WebSocket, by asking their snapshot function.
    var hasPollable = false
    /// Whether they do so now.
    var isPolling = false
    /// The failure of the very first attempt, while it is found out by one poll whether to live without the WebSocket.
    var trial: FreshetError?
    /// Attempts one after another that failed before they were live.
    var neverLive = 0
    /// The present wait, or the last one.
    var pause: Pause?
    /// The connection that is to replace the live one.
    var successor: Attempt?
    /// Whether both are there, and subscriptions are handed over.
    var overlapping = false
    var rotationFailures = 0

    /// - Parameters:
    ///   - policy: when to dial, and for how long to wait.
    ///   - hasCredentials: whether there is a provider to ask before each attempt.
    package init(policy: ConnectionPolicy = ConnectionPolicy(), hasCredentials: Bool = false) {
        self.policy = policy
        self.hasCredentials = hasCredentials
    }

    /// Whether the present connection is acknowledged.
    package var isLive: Bool {
        if case .live = self.state { true } else { false }
    }

    package mutating func on(_ event: Event, at now: Duration, jitter: Double) -> [Action] {
        switch event {
        case .wanted:
            self.wanted = true
            return self.becameWanted()
        case .unwanted:
            self.wanted = false
            // Nobody is left who has missed anything.
            if !self.policy.eager { self.forgetLoss() }
            return self.becameUnwanted(at: now)
        case .hint(let hint):
            return self.hinted(hint, at: now)
        case .signedOut(let error):
            return self.signedOut(error, at: now)
        case .close:
            self.wanted = false
            return self.leave(forGood: true, at: now)
        case .credentials(let epoch, let lifetime):
            return self.credentialsCame(epoch, lifetime, at: now)
        case .opened(let epoch):
            return self.opened(epoch, at: now)
        case .ready(let epoch):
            return self.ready(epoch, at: now)
        case .ended(let epoch, let end, let decision, let isOverride):
            let verdict = Verdict(end: end, decision: decision, isOverride: isOverride)
            return self.ended(epoch, verdict, at: now, jitter: jitter)
        case .pollable(let hasPollable):
            return self.became(pollable: hasPollable)
        case .polled:
            return self.polled(jitter: jitter)
        case .pollFailed:
            return self.trial.map { self.giveUp($0) } ?? []
        case .handedOver(let epoch):
            return self.handedOver(epoch, at: now)
        case .fired(let timer, let epoch):
            return self.fired(timer, epoch, at: now)
        }
    }

    // MARK: - Connecting

    mutating func dial(_ reason: CredentialReason = .connecting) -> [Action] {
        let (attempt, actions) = self.attempt(self.wantsOthers ? .refused : reason)
        self.askedForOthers = self.askedForOthers || self.wantsOthers
        self.wantsOthers = false
        self.state = .connecting(attempt)
        return [.report(.connecting(attempt: self.failures + 1))] + actions
    }

    /// A new attempt, and how it begins.
    mutating func attempt(_ reason: CredentialReason) -> (Attempt, [Action]) {
        self.lastEpoch += 1
        let epoch = self.lastEpoch
        guard self.hasCredentials else { return (Attempt(epoch: epoch, phase: .dialing), [.dial(epoch)]) }
        return (
            Attempt(epoch: epoch, phase: .credentials),
            [.start(.credentials, self.policy.credentials, epoch), .askCredentials(epoch, reason)]
        )
    }

    /// Changes the attempt of this epoch, be it the present one or the successor's.
    private mutating func change(_ epoch: Epoch, _ change: (inout Attempt) -> [Action]) -> [Action] {
        if case .connecting(var attempt) = self.state, attempt.epoch == epoch {
            let actions = change(&attempt)
            self.state = .connecting(attempt)
            return actions
        }
        guard var attempt = self.successor, attempt.epoch == epoch else { return [] }
        let actions = change(&attempt)
        self.successor = attempt
        return actions
    }

    private mutating func credentialsCame(_ epoch: Epoch, _ lifetime: Duration?, at now: Duration) -> [Action] {
        if self.successor?.epoch == epoch { self.hasNewer = true }
        return self.change(epoch) { attempt in
            guard attempt.phase == .credentials else { return [] }
            attempt.phase = .dialing
            attempt.expiry = lifetime.map { now + $0 }
            attempt.had = now
            return [.stop(.credentials, epoch), .dial(epoch)]
        }
    }

    private mutating func opened(_ epoch: Epoch, at now: Duration) -> [Action] {
        let acknowledge = self.policy.acknowledge
        return self.change(epoch) { attempt in
            guard attempt.phase == .dialing else { return [] }
            attempt.phase = .acknowledging
            // Connecting took longer than they lived. Never send what has expired: the end of this attempt asks anew.
            if let expiry = attempt.expiry, expiry <= now {
                let error = FreshetError(
                    .timeout(.credentials),
                    "the credentials expired while the connection was made"
                )
                return [.abandonSocket(epoch, .failure(error))]
            }
            return [.handshake(epoch), .start(.acknowledge, acknowledge, epoch)]
        }
    }

    private mutating func ready(_ epoch: Epoch, at now: Duration) -> [Action] {
        if case .connecting(let attempt) = self.state, attempt.epoch == epoch, attempt.phase == .acknowledging {
            self.everReady = true
            self.state = .live(Live(epoch: epoch, since: now, expiry: attempt.expiry))
            self.askedForOthers = false
            self.hasNewer = false
            let outage = self.lostAt.map { now - $0 } ?? .zero
            let reason = self.lostBecause
            self.forgetLoss()
            self.rotationFailures = 0
            self.neverLive = 0
            let stopped = self.stopPolling(subscriptionsFollow: true)
            return [.stop(.acknowledge, epoch), .report(.live)] + stopped + self.planRotation(attempt, at: now)
                + [.subscribeAll(epoch, outage: outage, reason: reason)] + self.lingerIfUnwanted(epoch)
        }
        guard case .live(let live) = self.state, let attempt = self.successor, attempt.epoch == epoch,
            attempt.phase == .acknowledging, !self.overlapping
        else { return [] }
        self.overlapping = true
        return [
            .stop(.acknowledge, epoch), .start(.overlap, self.policy.overlap, epoch),
            .handOver(from: live.epoch, to: epoch),
        ]
    }

    // MARK: - Ending

    private mutating func ended(
        _ epoch: Epoch,
        _ verdict: Verdict,
        at now: Duration,
        jitter: Double
    ) -> [Action] {
        switch self.state {
        case .closing(epoch):
            return self.closed(at: now)
        case .closed(epoch):
            self.state = .closed(nil)
            return [.report(.idle)]
        case .connecting(let attempt) where attempt.epoch == epoch:
            let timer: Timer = attempt.phase == .credentials ? .credentials : .acknowledge
            return [.stop(timer, epoch), .lost(epoch)] + self.after(verdict, at: now, jitter: jitter)
        case .live(let live) where live.epoch == epoch:
            self.forgetFailuresIfProven(live, at: now)
            let unneeded = self.isWanted ? [] : self.dropSuccessor()
            let stopped: [Action] = [.stop(.linger, epoch), .stop(.rotate, epoch)] + unneeded
            return stopped
                + (self.promoteSuccessor(insteadOf: epoch, because: verdict.end, at: now)
                    ?? [.lost(epoch)] + self.after(verdict, at: now, jitter: jitter))
        default:
            let isRefused = verdict.decision == .refreshCredentials
            return self.successorEnded(epoch, isRefused: isRefused, jitter: jitter)
        }
    }
}
