// SPDX-License-Identifier: Apache-2.0

/// After an end that was not ours: again, and when; with other credentials; or never.
extension ConnectionMachine {
    /// How something ended, and what the policy says to it.
    struct Verdict {
        let end: ConnectionEnd
        let decision: ClosePolicy.Decision
        /// Whether that is the user's own word, and not the default.
        let isOverride: Bool
    }

    mutating func after(_ verdict: Verdict, at now: Duration, jitter: Double) -> [Action] {
        let error = verdict.end.feedError
        guard self.isWanted else {
            self.state = .idle
            return [.report(.idle)]
        }
        if case .connecting = self.state { self.neverLive += 1 }
        let isRefused = verdict.end.isRefusalInHTTP && !self.isProvidersWord
        // Who can do without the WebSocket need not end because of it, unless somebody says so.
        let goesOn = isRefused && !verdict.isOverride && self.canPoll
        switch verdict.decision {
        case .fatal:
            guard goesOn else { return self.giveUp(error) }
            return self.wait(error, isRefused: true, endsOthers: true, at: now, jitter: jitter)
        case .refreshCredentials:
            guard self.hasCredentials else {
                guard goesOn else { return self.giveUp(error) }
                return self.wait(error, isRefused: true, endsOthers: true, at: now, jitter: jitter)
            }
            self.noteLoss(error, at: now)
            let wasLive = if case .live = self.state { true } else { false }
            if wasLive, self.hasNewer {
                // Those that have run out are not the newest: a successor was to use the newest, and never got through.
                self.hasNewer = false
                return self.dial()
            }
            if wasLive, self.refreshed {
                // They were good when it connected. Who ends them again and again is not asked for others ever faster.
                self.wantsOthers = true
                return self.wait(error, isRefused: false, at: now, jitter: jitter)
            }
            guard self.askedForOthers || self.isProvidersWord else {
                self.askedForOthers = true
                self.refreshed = self.refreshed || wasLive
                return self.dial(.refused)
            }
            if goesOn { return self.wait(error, isRefused: true, endsOthers: false, at: now, jitter: jitter) }
            self.state = .parked
            return [.report(.needsCredentials(error))]
        case .retry:
            return self.wait(error, isRefused: isRefused, at: now, jitter: jitter)
        case .retryAfter(let floor):
            return self.wait(error, floor: floor, isRefused: isRefused, at: now, jitter: jitter)
        }
    }

    /// Whether the provider itself says that there are no credentials: then it need not be asked again.
    private var isProvidersWord: Bool {
        if case .connecting(let attempt) = self.state { attempt.phase == .credentials } else { false }
    }

    // `isRefused`: somebody answered that there is no WebSocket. `endsOthers`: only those go on that can do without it; nil:
    // as on the first connection.
    private mutating func wait(
        _ error: FreshetError,
        floor: Duration = .zero,
        isRefused: Bool,
        endsOthers: Bool? = nil,
        at now: Duration,
        jitter: Double
    ) -> [Action] {
        if let attempts = self.policy.attempts, self.failures >= attempts { return self.giveUp(error) }
        let isFirst = !self.everReady && !self.policy.waitsForFirstConnection
        guard !isFirst || self.canPoll else { return self.giveUp(error) }
        self.failures += 1
        self.noteLoss(error, at: now)
        self.state = .waiting
        let ended: [Action] = endsOthers ?? isFirst ? [.failUnpollable(error)] : []
        if isFirst, !isRefused, !self.isPolling {
            self.trial = error
            return ended + [.poll(because: error, isTrial: true)]
        }
        let isHopeless = self.policy.fallback.map { self.neverLive >= $0.failures } ?? false
        let isBlocked = isRefused || isHopeless || self.isPolling
        let begun = isBlocked ? self.startPolling(because: error) : []
        return ended + begun + self.pause(for: error, floor: floor, isBlocked: isBlocked, jitter: jitter)
    }

    /// Lets some time pass before the next attempt.
    mutating func pause(for error: FreshetError, floor: Duration, isBlocked: Bool, jitter: Double) -> [Action] {
        let delay = self.policy.backoff.delay(attempt: self.failures, jitter: jitter, floor: floor)
        self.pause = Pause(delay: delay, error: error, isBlocked: isBlocked)
        return [self.reportPause(), .start(.retry, delay, self.lastEpoch)].compactMap { $0 }
    }

    mutating func noteLoss(_ error: FreshetError, at now: Duration) {
        guard self.lostAt == nil else { return }
        self.lostAt = now
        self.lostBecause = error.message
    }

    mutating func forgetLoss() {
        self.lostAt = nil
        self.lostBecause = ""
    }

    mutating func forgetFailuresIfProven(_ live: Live, at now: Duration) {
        let healthy = now - live.since >= self.policy.healthy
        if healthy { self.failures = 0 }
        // Credentials that were accepted and lived to their end were good ones.
        if healthy || live.expiry.map({ $0 <= now }) ?? false { self.refreshed = false }
    }

    mutating func giveUp(_ error: FreshetError) -> [Action] {
        self.state = .idle
        return self.fail(error)
    }

    /// Every feed ends; the next one begins anew.
    mutating func fail(_ error: FreshetError) -> [Action] {
        let stopped = self.stopPolling()
        self.failures = 0
        self.neverLive = 0
        self.refreshed = false
        self.askedForOthers = false
        self.wantsOthers = false
        self.forgetLoss()
        self.everReady = false
        return stopped + [.report(.failed(error)), .fail(error)]
    }
}
