// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Decides who gets which credential, when it is renewed, and when a session is over.
///
/// ```
///             wanted             restored                    newer, or its time is near
///     unread ────────▶ reading ──────────▶ signedIn ──────────────────────────────────▶ refreshing
///       ▲                 │ │                 ▲ ▲        refreshed, or the network failed     │
///       └── store failed ─┘ │ nothing there   │ └─────────────────────────────────────────────┤
///                           ▼                 │ login                                         │
///                       signedOut ────────────┘                                               │
///                           ▲                    logout, or the server refused to renew       │
///                           └─────────────────────────────────────────────────────────────────┘
/// ```
///
/// There is one renewal at a time, whoever asks for it. It reads no clock and draws no random number: both come with
/// each event.
package struct AuthMachine: Sendable {
    enum State {
        case unread, reading, signedOut
        case signedIn(Present), refreshing(Present)
    }

    /// The credential that counts.
    package struct Present: Sendable {
        package let generation: Generation
        /// The generation with which the user signed in.
        package let login: Generation
        /// Nil where nobody knows how long it lives.
        let timing: RefreshTiming?
        /// It was over when it came.
        var isFaulty = false
        var isRefused = false

        func isGood(at now: Duration) -> Bool { !self.isRefused && self.timing.map { now < $0.last } ?? true }
        func isDue(at now: Duration) -> Bool { self.timing.map { now >= $0.ahead } ?? false }
        /// Whether renewing it says that something is wrong: that is what is limited, not that short lives end often.
        func isEarly(at now: Duration) -> Bool { self.isFaulty || (self.isRefused && !self.isDue(at: now)) }
        package func left(at now: Duration) -> Duration? { self.timing.map { max($0.end - now, .zero) } }
    }

    private let policy: RefreshPolicy
    /// Between failed renewals while the credential is still good.
    private let backoff = Backoff(initial: .seconds(1))
    private var state = State.unread
    private var generation: Generation = 0
    private var work: Work = 0
    /// Those who wait for what is being read or renewed: nobody in any other state.
    private var waiters: Set<Waiter> = []
    /// When the last early renewals began that did not fail; and whether the present renewal is among them.
    private var early: [Duration] = []
    private var isEarly = false
    private var failures = 0
    /// No renewal ahead before.
    private var calmUntil: Duration?
    /// The server does not want to be asked before.
    private var pause: (until: Duration, error: FreshetError)?

    package init(policy: RefreshPolicy = RefreshPolicy()) {
        self.policy = policy
    }

    /// The credential that counts, if a user is signed in.
    package var present: Present? {
        switch self.state {
        case .signedIn(let present), .refreshing(let present): present
        case .unread, .reading, .signedOut: nil
        }
    }

    package mutating func on(_ event: Event, at now: Duration, jitter: Double) -> [Action] {
        switch event {
        case .wanted(let waiter): return self.wanted(waiter, at: now)
        case .newer(let generation, let waiter, let refused):
            return self.newer(than: generation, waiter, refused: refused, at: now)
        case .gone(let waiter):
            self.waiters.remove(waiter)
            return []
        case .restored(let work, let life): return self.restored(work, life, at: now, jitter: jitter)
        case .restoreFailed(let work, let error):
            guard case .reading = self.state, work == self.work else { return [] }
            self.state = .unread
            return self.failAll(error)
        case .refreshed(let work, let life): return self.refreshed(work, life, at: now, jitter: jitter)
        case .refreshFailed(let work, let error): return self.refreshFailed(work, error, at: now, jitter: jitter)
        case .loggedIn(let life): return self.loggedIn(life, at: now, jitter: jitter)
        case .logout: return self.leave(because: .requested)
        }
    }

    // MARK: - Calls

    private mutating func wanted(_ waiter: Waiter, at now: Duration) -> [Action] {
        switch self.state {
        case .unread:
            self.waiters.insert(waiter)
            self.state = .reading
            self.work += 1
            return [.restore(self.work)]
        case .signedOut: return [.fail([waiter], Self.signedOut)]
        case .signedIn(let present) where present.isGood(at: now):
            let isCalm = self.calmUntil.map { now < $0 } ?? false
            return [.handOut([waiter])] + (present.isDue(at: now) && !isCalm ? self.refresh(present, at: now) : [])
        case .refreshing(let present) where present.isGood(at: now): return [.handOut([waiter])]
        case .signedIn(let present):
            self.waiters.insert(waiter)
            return self.refresh(present, at: now)
        case .reading, .refreshing:
            self.waiters.insert(waiter)
            return []
        }
    }

    private mutating func newer(
        than generation: Generation,
        _ waiter: Waiter?,
        refused: Bool,
        at now: Duration
    ) -> [Action] {
        guard var present = self.present, generation <= present.generation else {
            return waiter.map { self.wanted($0, at: now) } ?? []
        }
        guard generation >= present.login else {
            // What one user asked is not asked again as another.
            return waiter.map { [.fail([$0], AuthEvent.LogoutReason.replaced.error)] } ?? []
        }
        guard generation == present.generation else { return waiter.map { self.wanted($0, at: now) } ?? [] }
        present.isRefused = present.isRefused || refused
        if let waiter { self.waiters.insert(waiter) }
        if case .refreshing = self.state {
            self.state = .refreshing(present)
            return []
        }
        self.state = .signedIn(present)
        return self.refresh(present, at: now)
    }

    // MARK: - Renewing

    /// Begins a renewal, unless there were too many, or the server asked for a pause: then those who wait fail.
    private mutating func refresh(_ present: Present, at now: Duration) -> [Action] {
        self.isEarly = present.isEarly(at: now)
        self.early.removeAll { now - $0 >= self.policy.window }
        guard !self.isEarly || self.early.count < self.policy.limit else { return self.failAll(self.excess) }
        if let pause, now < pause.until { return self.failAll(pause.error) }
        if self.isEarly { self.early.append(now) }
        self.work += 1
        self.state = .refreshing(present)
        return [.refresh(self.work)]
    }

    private mutating func refreshed(_ work: Work, _ life: Life, at now: Duration, jitter: Double) -> [Action] {
        guard case .refreshing(let old) = self.state, work == self.work else { return [] }
        self.begin(life, login: old.login, at: now, jitter: jitter)
        // Kept all the same: what renews it may be in it.
        if let fault = life.fault { return [.adopt(saving: true), .emit(.refreshFailed(fault))] + self.failAll(fault) }
        return [.adopt(saving: true), .emit(.refreshed)] + self.handOutToAll()
    }

    private mutating func refreshFailed(
        _ work: Work,
        _ error: FreshetError,
        at now: Duration,
        jitter: Double
    ) -> [Action] {
        guard case .refreshing(let present) = self.state, work == self.work else { return [] }
        if error.kind == .unauthorized || error.kind == .forbidden { return self.leave(because: .refused(error)) }
        self.state = .signedIn(present)
        // It is the server's loop that the limit ends, not the network's.
        if self.isEarly { self.early.removeLast() }
        self.failures += 1
        var floor = Duration.zero
        if case .rateLimited(let wish?) = error.kind {
            floor = wish
            self.pause = (now + wish, error)
        }
        self.calmUntil = now + self.backoff.delay(attempt: self.failures, jitter: jitter, floor: floor)
        return [.emit(.refreshFailed(error))] + self.failAll(error)
    }

    // MARK: - Beginning and ending

    private mutating func restored(_ work: Work, _ life: Life?, at now: Duration, jitter: Double) -> [Action] {
        guard case .reading = self.state, work == self.work else { return [] }
        guard let life else {
            self.state = .signedOut
            return self.failAll(Self.signedOut)
        }
        let present = self.begin(life, login: nil, isFresh: false, at: now, jitter: jitter)
        let actions: [Action] = [.adopt(saving: false), .emit(.restored)]
        if present.isGood(at: now) { return actions + self.handOutToAll() }
        return actions + self.refresh(present, at: now)
    }

    private mutating func loggedIn(_ life: Life, at now: Duration, jitter: Double) -> [Action] {
        var actions: [Action] = []
        switch self.state {
        case .signedIn, .refreshing: actions = self.end(because: .replaced)
        case .reading: actions = [.drop(self.work)]
        case .unread, .signedOut: break
        }
        self.begin(life, login: nil, at: now, jitter: jitter)
        return actions + [.adopt(saving: true), .emit(.loggedIn)] + self.handOutToAll()
    }

    @discardableResult
    private mutating func begin(
        _ life: Life,
        login: Generation?,
        isFresh: Bool = true,
        at now: Duration,
        jitter: Double
    ) -> Present {
        self.generation += 1
        let timing = life.left.map { left in
            RefreshTiming(life: max(life.total ?? left, .zero), left: left, now: now, jitter: jitter)
        }
        var present = Present(generation: self.generation, login: login ?? self.generation, timing: timing)
        present.isFaulty = isFresh && life.fault != nil
        self.state = .signedIn(present)
        self.failures = 0
        self.calmUntil = nil
        self.pause = nil
        return present
    }

    private mutating func leave(because reason: AuthEvent.LogoutReason) -> [Action] {
        switch self.state {
        case .signedIn, .refreshing: return self.end(because: reason) + [.forget(clearing: true)]
        case .reading:
            self.state = .signedOut
            return [.drop(self.work), .forget(clearing: true)] + self.failAll(reason.error)
        case .unread, .signedOut:
            self.state = .signedOut
            return [.forget(clearing: true)]
        }
    }

    /// The end of a session, said once.
    private mutating func end(because reason: AuthEvent.LogoutReason) -> [Action] {
        let drop: [Action] = if case .refreshing = self.state { [.drop(self.work)] } else { [] }
        self.state = .signedOut
        self.early = []
        return drop + [.forget(clearing: false), .emit(.loggedOut(reason))] + self.failAll(reason.error)
    }

    // MARK: - Those who wait

    private mutating func handOutToAll() -> [Action] {
        defer { self.waiters = [] }
        return self.waiters.isEmpty ? [] : [.handOut(self.waiters)]
    }

    private mutating func failAll(_ error: FreshetError) -> [Action] {
        defer { self.waiters = [] }
        return self.waiters.isEmpty ? [] : [.fail(self.waiters, error)]
    }

    private static var signedOut: FreshetError {
        FreshetError(.unauthorized, "nobody is signed in", hint: "sign in first")
    }

    private var excess: FreshetError {
        FreshetError(
            .credentials,
            "the credentials were renewed \(self.policy.limit) times within \(self.policy.window), and refused each time",
            hint: "the server refuses what it has just given: check its clock, and for whom its tokens are"
        )
    }
}
