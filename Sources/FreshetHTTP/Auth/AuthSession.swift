// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
package import FoundationEssentials

/// A signed-in user: one for all that speaks to a server as that user, REST calls and WebSockets alike.
///
/// ```swift
/// let session = AuthSession(authenticator, store: try SystemCredentialStore(), name: "api.example.com")
/// try await session.login(.password("ada", password))
/// // REST: a middleware. WebSockets: a provider of credentials, by `import Freshet`.
/// let middleware = try AuthenticationMiddleware(session, origins: ["https://api.example.com"])
/// configuration.credentials = session.provider()
/// ```
///
/// It begins with what its store has, renews the credential ahead of its end, once for everybody who waits, and ends
/// when the server refuses to renew it. It has no timer: it renews when somebody calls. docs/authentication.md has the
/// times.
///
/// What is decided is ``AuthMachine``'s; the actor only carries out.
public actor AuthSession<Method: Authenticator> {
    /// What is sent with each request.
    public typealias Credential = Method.Credential
    /// A credential, and which one it is.
    public typealias Lease = AuthLease<Credential>

    /// How the server wants it.
    public nonisolated let authenticator: Method
    private var keeper: CredentialKeeper<Credential>
    private let timeout: Duration
    private let time: TimeSource
    private let wall: @Sendable () -> Date

    private var machine: AuthMachine
    private var credential: Credential?
    /// What the event brings that is being handled.
    private var incoming: Credential?
    private var working: (work: AuthMachine.Work, tasks: [Task<Void, Never>])?
    private var waiters = AuthWaiters<Lease>()
    private nonisolated let observers = AuthObservers()

    /// Makes a session; nothing is read or sent before somebody calls.
    ///
    /// - Parameters:
    ///   - authenticator: how the server wants it.
    ///   - store: where the credential outlives this process.
    ///   - name: under which name it is there: the server, and the account if there are several.
    ///   - policy: how often it may be renewed.
    public init(
        _ authenticator: Method,
        store: any CredentialStore = MemoryCredentialStore(),
        name: String = "default",
        policy: RefreshPolicy = RefreshPolicy()
    ) {
        self.init(authenticator, store: store, name: name, policy: policy, time: TimeSource(), wall: { Date() })
    }

    package init(
        _ authenticator: Method,
        store: any CredentialStore,
        name: String = "default",
        policy: RefreshPolicy = RefreshPolicy(),
        time: TimeSource,
        wall: @escaping @Sendable () -> Date
    ) {
        self.authenticator = authenticator
        self.keeper = CredentialKeeper(store: store, name: name)
        self.machine = AuthMachine(policy: policy)
        self.timeout = policy.timeout
        self.time = time
        self.wall = wall
    }

    // MARK: - Signing in and out

    /// Signs in. Who was signed in before is signed out, but only when this has succeeded.
    ///
    /// - Parameter login: who, and what proves it.
    /// - Throws: `.unauthorized` when the server refuses; `.credentials` when what it gave is over already; otherwise
    ///   why it could not be asked. Cancelling throws `.cancelled`.
    public func login(_ login: Method.Login) async throws(FreshetError) {
        try await self.adopt(try await self.authenticator.login(login))
    }

    /// Goes on with a credential that the app has got in its own way, as from a browser.
    ///
    /// - Parameter credential: the credential, just received.
    /// - Throws: `.credentials` when it is over already.
    public func adopt(_ credential: Credential) async throws(FreshetError) {
        let life = self.life(of: credential)
        if let fault = life.fault { throw fault }
        self.handle(.loggedIn(life), bringing: credential)
        _ = await self.keeper.settled()
    }

    /// Signs out: here at once, then in the store, then at the server. Calls that wait, and streams of clients that use
    /// the session's credentials, end with `.unauthorized`.
    ///
    /// - Throws: why the store could not be cleared, or the server not be told; the session is over all the same.
    public func logout() async throws(FreshetError) {
        // What this process has not read yet is to be revoked too.
        let stored = self.credential == nil ? try? await self.keeper.load() : nil
        let last = self.credential ?? stored?.credential
        self.handle(.logout)
        var failure = await self.keeper.settled()
        do throws(FreshetError) {
            if let last { try await self.authenticator.revoke(last) }
        } catch {
            failure = failure ?? error
        }
        if let failure { throw failure }
    }

    // MARK: - Credentials

    /// A credential that is good now: the present one, or a newer one if that is over.
    ///
    /// - Returns: the credential.
    /// - Throws: `.unauthorized` when nobody is signed in, or the server refuses to renew it; otherwise why it could
    ///   not be renewed: a later call tries again. Cancelling throws `.cancelled` at once, and disturbs nobody else who
    ///   waits.
    public func validCredential() async throws(FreshetError) -> Credential {
        try await self.lease().credential
    }

    /// The same, with which one of the session's credentials it is.
    ///
    /// - Returns: the credential, its number, and how long it is still good for.
    /// - Throws: as ``validCredential()``.
    public func lease() async throws(FreshetError) -> Lease {
        try await self.answer { .wanted($0) }
    }

    /// A credential that is newer than one that the server has refused: the present one if that is newer already, else
    /// it is renewed.
    ///
    /// - Parameter refused: what was refused, as it was handed out.
    /// - Returns: a newer one.
    /// - Throws: as ``validCredential()``; `.unauthorized` also when another user has signed in meanwhile, because
    ///   what one user asked must not be asked again as another; `.credentials` when it was renewed too often
    ///   (``RefreshPolicy``).
    public func lease(after refused: Lease) async throws(FreshetError) -> Lease {
        try await self.answer { .newer(than: refused.generation, $0, refused: true) }
    }

    /// A credential that is newer than one that is near its end, though nobody has refused it.
    package func lease(before end: Lease) async throws(FreshetError) -> Lease {
        try await self.answer { .newer(than: end.generation, $0, refused: false) }
    }

    /// Says that the server has refused a credential: it is renewed, without waiting for it.
    ///
    /// - Parameter refused: what was refused, as it was handed out.
    public func invalidate(_ refused: Lease) {
        self.handle(.newer(than: refused.generation, nil, refused: true))
    }

    /// What happens from now on, for one reader; a slow one misses the oldest beyond 64.
    public nonisolated var events: AsyncStream<AuthEvent> { self.observers.stream() }

    /// Whether the user of this lease is.
    package func isSignedIn(_ lease: Lease) -> Bool { self.machine.present?.login == lease.login }

    /// Returns when the user of this lease is signed out, and what streams are told then; nil when the task is
    /// cancelled.
    package func end(of lease: Lease) async -> FreshetError? {
        var reason = AuthEvent.LogoutReason.requested
        var iterator = self.events.makeAsyncIterator()
        while self.isSignedIn(lease) {
            guard let event = await iterator.next(isolation: self) else { return nil }
            if case .loggedOut(let why) = event { reason = why }
        }
        return reason.error
    }

    private func answer(_ event: (AuthMachine.Waiter) -> AuthMachine.Event) async throws(FreshetError) -> Lease {
        guard !Task.isCancelled else { throw Self.cancelled }
        let waiter = self.waiters.next()
        self.handle(event(waiter))
        if let answer = self.waiters.takeAnswer(waiter) { return try answer.get() }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { self.waiters.wait(waiter, $0) }
        } onCancel: {
            Task { await self.cancel(waiter) }
        }
        return try answer.get()
    }

    private func cancel(_ waiter: AuthMachine.Waiter) {
        guard self.waiters.cancel(waiter, .failure(Self.cancelled)) else { return }
        self.handle(.gone(waiter))
    }

    private static var cancelled: FreshetError { FreshetError(.cancelled, "the task was cancelled") }

    // MARK: - The machine

    private func handle(_ event: AuthMachine.Event, bringing credential: Credential? = nil) {
        self.incoming = credential
        let now = self.time.now()
        for action in self.machine.on(event, at: now, jitter: self.time.jitter()) { self.perform(action, at: now) }
        self.incoming = nil
    }

    private func perform(_ action: AuthMachine.Action, at now: Duration) {
        switch action {
        case .restore(let work): self.start(work, self.restore)
        case .refresh(let work): if let credential { self.start(work) { await self.refresh($0, credential) } }
        case .drop(let work): self.stop(work)
        case .adopt(let saving):
            self.credential = self.incoming
            if saving, let credential { self.keep(credential) }
        case .forget(let clearing):
            self.credential = nil
            if clearing { self.keeper.clear { [observers] in observers.tell(.notStored($0)) } }
        case .handOut(let waiters):
            guard let present = self.machine.present, let credential else { return }
            let lease = Lease(
                credential: credential,
                generation: present.generation,
                login: present.login,
                lifetime: present.left(at: now)
            )
            for waiter in waiters { self.waiters.settle(waiter, .success(lease)) }
        case .fail(let waiters, let error):
            for waiter in waiters { self.waiters.settle(waiter, .failure(error)) }
        case .emit(let event): self.observers.tell(event)
        }
    }

    // MARK: - Work

    /// In a task of its own, which nobody's cancelling ends.
    private func start(
        _ work: AuthMachine.Work,
        _ body: @escaping @Sendable (AuthMachine.Work) async -> Void
    ) {
        let working = Task { await body(work) }
        let deadline = Task { [time, timeout] in
            guard (try? await time.sleep(timeout)) != nil else { return }
            self.expire(work)
        }
        self.working = (work, [working, deadline])
    }

    private func stop(_ work: AuthMachine.Work) {
        guard let working, working.work == work else { return }
        for task in working.tasks { task.cancel() }
        self.working = nil
    }

    private func restore(_ work: AuthMachine.Work) async {
        let event: AuthMachine.Event
        var credential: Credential?
        do throws(FreshetError) {
            let stored = try await self.keeper.load()
            credential = stored?.credential
            event = .restored(work, stored.map { $0.life(at: self.wall()) })
        } catch {
            event = .restoreFailed(work, error)
        }
        self.stop(work)
        self.handle(event, bringing: credential)
    }

    private func refresh(_ work: AuthMachine.Work, _ old: Credential) async {
        let event: AuthMachine.Event
        var credential: Credential?
        do throws(FreshetError) {
            let newer = try await self.authenticator.refresh(old)
            credential = newer
            event = .refreshed(work, self.life(of: newer))
        } catch {
            event = .refreshFailed(work, error)
        }
        self.stop(work)
        self.handle(event, bringing: credential)
    }

    private func expire(_ work: AuthMachine.Work) {
        guard self.working?.work == work, !Task.isCancelled else { return }
        self.stop(work)
        let error = FreshetError(
            .timeout(.credentials),
            "the credentials did not come within \(self.timeout)",
            hint: "the server, or the keyring, does not answer"
        )
        self.handle(.restoreFailed(work, error))
        self.handle(.refreshFailed(work, error))
    }

    private func keep(_ credential: Credential) {
        let stored = StoredCredential(credential, life: self.life(of: credential), at: self.wall())
        self.keeper.save(stored) { [observers] in observers.tell(.notStored($0)) }
    }

    private func life(of credential: Credential) -> AuthMachine.Life {
        AuthMachine.Life(credential.life, at: self.wall())
    }
}
