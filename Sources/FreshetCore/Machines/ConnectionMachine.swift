// SPDX-License-Identifier: Apache-2.0

/// The life of the connection behind the feeds: when to dial, what to wait for, when to try again.
///
/// ```
///              wanted                opened                 ready
///     idle ───────────▶ dialing ───────────▶ acknowledging ───────▶ live
///      ▲                 ▲   │ ended              │ ended            │ ended
///      │        retry    │   ▼                    ▼                  ▼
///      ├───── unwanted ─ waiting ◀───────────────────────────────────┘
///      └───── ended ──── closing ◀── unwanted or close, while there is a socket
/// ```
///
/// It reads no clock and draws no random number: both come in with each event. Every attempt has an epoch; what an older
/// one still says is dropped, so there is never more than one connection.
package struct ConnectionMachine: Sendable {
    /// Counts attempts, for ever upwards.
    package typealias Epoch = UInt64

    package enum Timer: Sendable, Hashable {
        /// The next attempt.
        case retry
        /// The source's handshake (connection_ack).
        case acknowledge
    }

    package enum Event: Sendable {
        /// Somebody listens now.
        case wanted
        /// Nobody listens any more.
        case unwanted
        /// The WebSocket is open.
        case opened(Epoch)
        /// The source's handshake is done.
        case ready(Epoch)
        /// The socket is gone: always the last word of an epoch.
        case ended(Epoch, ConnectionEnd)
        case fired(Timer, Epoch)
        /// The client is closed for good.
        case close
    }

    package enum Action: Sendable, Equatable {
        case dial(Epoch)
        /// Begin the source's handshake.
        case handshake
        /// Send every subscription that waits; those sent before get their gap.
        case subscribeAll(outage: Duration, reason: String)
        case start(Timer, Duration, Epoch)
        case stop(Timer)
        case closeSocket
        case abandonSocket(ConnectionEnd)
        /// What was subscribed on the connection is lost for now.
        case lost
        /// Every feed ends with this error.
        case fail(FreshetError)
        case report(ConnectionState)
    }

    package struct Policy: Sendable {
        package var backoff = Backoff()
        /// Attempts that may fail one after another; nil: no limit.
        package var attempts: Int?
        /// After this long the backoff begins again.
        package var healthy: Duration = .seconds(30)
        package var acknowledge: Duration = .seconds(10)
        package var close = ClosePolicy()

        package init() {}
    }

    private enum State {
        case idle, dialing, acknowledging, waiting, closing, closed
        case live(since: Duration)
    }

    private let policy: Policy
    private var state = State.idle
    private var epoch: Epoch = 0
    private var wanted = false
    private var everReady = false
    /// Failures one after another, since the last healthy time.
    private var failures = 0
    private var lostAt: Duration?
    private var lostBecause = ""

    package init(policy: Policy = Policy()) {
        self.policy = policy
    }

    package mutating func on(_ event: Event, at now: Duration, jitter: Double) -> [Action] {
        switch event {
        case .wanted:
            self.wanted = true
            if case .idle = self.state { return self.dial() }
            return []
        case .unwanted:
            self.wanted = false
            return self.leave(forGood: false, at: now)
        case .close:
            self.wanted = false
            return self.leave(forGood: true, at: now)
        case .opened(let epoch):
            guard epoch == self.epoch, case .dialing = self.state else { return [] }
            self.state = .acknowledging
            return [.handshake, .start(.acknowledge, self.policy.acknowledge, epoch)]
        case .ready(let epoch):
            guard epoch == self.epoch, case .acknowledging = self.state else { return [] }
            return self.goLive(at: now)
        case .ended(let epoch, let end):
            guard epoch == self.epoch else { return [] }
            return self.ended(end, at: now, jitter: jitter)
        case .fired(let timer, let epoch):
            guard epoch == self.epoch else { return [] }
            return self.fired(timer)
        }
    }

    private mutating func dial() -> [Action] {
        self.epoch += 1
        self.state = .dialing
        return [.report(.connecting(attempt: self.failures + 1)), .dial(self.epoch)]
    }

    private mutating func goLive(at now: Duration) -> [Action] {
        self.state = .live(since: now)
        self.everReady = true
        let outage = self.lostAt.map { now - $0 } ?? .zero
        self.lostAt = nil
        return [.stop(.acknowledge), .report(.live), .subscribeAll(outage: outage, reason: self.lostBecause)]
    }

    /// The one way out on our side. A socket is closed first; its end then finishes the rest.
    private mutating func leave(forGood: Bool, at now: Duration) -> [Action] {
        self.forgetFailuresIfHealthy(at: now)
        switch self.state {
        case .idle:
            self.state = forGood ? .closed : .idle
            return []
        case .waiting:
            self.state = forGood ? .closed : .idle
            self.lostAt = nil
            return [.stop(.retry), .report(.idle)]
        case .dialing, .acknowledging, .live:
            self.state = forGood ? .closed : .closing
            self.lostAt = nil
            return [.stop(.acknowledge), .lost, .report(.closing), .closeSocket]
        case .closing:
            self.state = forGood ? .closed : .closing
            return []
        case .closed:
            return []
        }
    }

    private mutating func ended(_ end: ConnectionEnd, at now: Duration, jitter: Double) -> [Action] {
        self.forgetFailuresIfHealthy(at: now)
        switch self.state {
        case .closing:
            self.state = .idle
            return [.report(.idle)] + (self.wanted ? self.dial() : [])
        case .closed:
            return [.report(.idle)]
        case .idle, .waiting:
            return []
        case .dialing, .acknowledging, .live:
            break
        }
        let stopped: [Action] = [.stop(.acknowledge), .lost]
        switch self.policy.close.verdict(on: end) {
        case .fatal(let error):
            return stopped + self.giveUp(error)
        case .retry(let floor, let error):
            // The first connection fails at once and loudly: a typing error should not be retried for ever.
            guard self.everReady else { return stopped + self.giveUp(error) }
            if let attempts = self.policy.attempts, self.failures >= attempts {
                return stopped + self.giveUp(error)
            }
            self.failures += 1
            if self.lostAt == nil {
                self.lostAt = now
                self.lostBecause = error.message
            }
            self.state = .waiting
            let delay = self.policy.backoff.delay(attempt: self.failures, jitter: jitter, floor: floor)
            return stopped + [
                .report(.waiting(delay: delay, attempt: self.failures, error: error)),
                .start(.retry, delay, self.epoch),
            ]
        }
    }

    private mutating func forgetFailuresIfHealthy(at now: Duration) {
        if case .live(let since) = self.state, now - since >= self.policy.healthy { self.failures = 0 }
    }

    private mutating func giveUp(_ error: FreshetError) -> [Action] {
        self.state = .idle
        self.failures = 0
        self.lostAt = nil
        self.everReady = false
        return [.report(.idle), .fail(error)]
    }

    private mutating func fired(_ timer: Timer) -> [Action] {
        switch (timer, self.state) {
        case (.retry, .waiting):
            return self.dial()
        case (.acknowledge, .acknowledging):
            let error = FreshetError(
                .timeout(.acknowledge),
                "the server did not acknowledge the connection within \(self.policy.acknowledge)",
                hint: "check that the URL is a GraphQL WebSocket endpoint"
            )
            return [.abandonSocket(.failure(error))]
        default:
            return []
        }
    }
}
