// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Logging

/// Keeps subscriptions alive: an actor on the loop's thread that carries out what its ``SubscriptionEngine`` decides.
///
/// You make a ``SubscriptionClient`` and hardly ever meet its manager. One connection at a time, dialled when the first feed
/// is iterated and closed after the last; when it breaks it is made again, everything is subscribed again, and every feed
/// is told what it may have missed.
///
/// State, and who guards it: everything is isolated to this actor, whose executor is the loop. C calls arrive on that
/// thread and enter by `assumeIsolated`; consumers reach it through a `SubscriptionClient`.
public actor SubscriptionManager<Source: FeedSource> {
    typealias Engine = SubscriptionEngine<Source>

    nonisolated let loop: EventLoop
    private let residence: EventLoop.Residence
    /// The loop's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }

    private struct Consumer {
        let buffer: FeedBuffer
        let fetch: SnapshotFetch?
    }

    private let target: WebSocketTarget
    let provider: CredentialProvider?
    private let transport: any WebSocketTransport
    private let time: TimeSource
    private let logger: Logger

    private var engine: Engine
    private var consumers: [Engine.ConsumerID: Consumer] = [:]
    private var links: [Engine.Epoch: any WebSocketLink] = [:]
    private var timers: [Engine.Timer: Task<Void, Never>] = [:]
    var asking: [Engine.Epoch: Task<Void, Never>] = [:]
    /// The newest credentials.
    var shown: Credentials?
    /// Waits for the end of the session that they are of.
    var signOut: Task<Void, Never>?
    private var fetching: [SubscriptionID: (number: Int, task: Task<Void, Never>)] = [:]
    private var observers = StateObservers()
    private var figures: ManagerFigures
    private var closed = false
    private var closeWaiters: [CheckedContinuation<Void, Never>] = []

    init(
        source: Source,
        target: WebSocketTarget,
        policy: ConnectionPolicy,
        provider: CredentialProvider?,
        loop: EventLoop,
        transport: any WebSocketTransport,
        time: TimeSource,
        logger: Logger
    ) {
        var target = target
        target.subprotocols = source.subprotocols
        self.target = target
        self.provider = provider
        self.engine = Engine(source: source, policy: policy, hasCredentials: provider != nil)
        self.loop = loop
        self.residence = EventLoop.Residence(loop)
        self.transport = transport
        self.time = time
        self.logger = logger
        self.figures = ManagerFigures(label: "\(Source.self)")
    }

    deinit {
        self.observers.finish()
        self.signOut?.cancel()
        for task in [Task<Void, Never>](self.timers.values) + self.asking.values + self.fetching.values.map(\.task) {
            task.cancel()
        }
    }

    // MARK: - For SubscriptionClient

    func start() { self.handle(.start) }

    func add(_ id: Engine.ConsumerID, _ opening: Engine.Opening, _ buffer: FeedBuffer, _ fetch: SnapshotFetch?) {
        self.consumers[id] = Consumer(buffer: buffer, fetch: fetch)
        self.handle(.open(id, opening))
    }

    func leave(_ id: Engine.ConsumerID) {
        self.consumers[id] = nil
        self.handle(.leave(id))
    }

    func drained(_ id: Engine.ConsumerID) {
        self.handle(.drained(id))
        self.measureNowAndThen(at: self.time.now())
    }

    func take(_ hint: ConnectionHint) { self.handle(.hint(hint)) }

    /// Ends every feed, says goodbye to the server, and returns when the connection is gone: after 1 s at most.
    public func close() async {
        if !self.closed {
            self.closed = true
            self.signOut?.cancel()
            self.handle(.close)
        }
        guard !self.links.isEmpty else { return self.finishClosing() }
        await withCheckedContinuation { self.closeWaiters.append($0) }
    }

    /// How the client is, now.
    public var health: ConnectionHealth {
        self.figures.measure(self.consumers.values.map(\.buffer.depth), at: self.time.now())
    }

    private func measureNowAndThen(at now: Duration) {
        if self.figures.isDue(at: now) { _ = self.health }
    }

    // MARK: - The engine

    func handle(_ event: Engine.Event) {
        for action in self.engine.on(event, at: self.time.now(), jitter: self.time.jitter()) { self.perform(action) }
    }

    private func perform(_ action: Engine.Action) {
        switch action {
        case .askCredentials(let epoch, let reason): self.ask(epoch, reason)
        case .dropCredentials(let epoch): self.asking.removeValue(forKey: epoch)?.cancel()
        case .dial(let epoch, let credentials): self.dial(epoch, credentials)
        case .send(let epoch, let message): self.links[epoch]?.send(message)
        case .pauseReading(let epoch): self.links[epoch]?.pauseReading()
        case .resumeReading(let epoch): self.links[epoch]?.resumeReading()
        case .probe(let epoch): self.links[epoch]?.probe()
        case .close(let epoch, let frame, let end): self.links[epoch]?.close(frame, as: end)
        case .abandon(let epoch, let end): self.links[epoch]?.abandon(end)
        case .deliver(let ids, let items): for id in ids { self.deliver(items, to: id) }
        case .finish(let id, let end): self.consumers.removeValue(forKey: id)?.buffer.finish(end)
        case .fetch(let id, let number, let request, let consumer):
            self.fetch(id, number, request, consumer) { .fetched(id, number, $0) }
        case .poll(let id, let number, let request, let consumer):
            self.figures.polled()
            self.fetch(id, number, request, consumer) { .polled(id, number, $0) }
        case .cancelFetch(let id): self.fetching.removeValue(forKey: id)?.task.cancel()
        case .start(let timer, let delay): self.start(timer, delay)
        case .stop(let timer): self.timers.removeValue(forKey: timer)?.cancel()
        case .report(let state): self.report(state)
        case .connected(let epoch):
            self.figures.acknowledged(epoch, at: self.time.now())
        case .note(let text): self.logger.warning("\(text)")
        }
    }

    private func report(_ state: ConnectionState) {
        self.figures.report(state)
        self.observers.report(state)
        self.logger.debug("the connection's state changed", metadata: ["state": "\(state.label)"])
    }

    // MARK: - Connections

    private func dial(_ epoch: Engine.Epoch, _ credentials: Credentials?) {
        do throws(FreshetError) {
            let target = try self.target.with(credentials)
            self.links[epoch] = self.transport.dial(target, on: self.loop) { [weak self] event in
                self?.assumeIsolated { $0.heard(event, epoch) }
            }
        } catch {
            self.loop.execute { [weak self] in self?.assumeIsolated { $0.handle(.ended(epoch, .failure(error))) } }
        }
    }

    private func heard(_ event: WebSocketEvent, _ epoch: Engine.Epoch) {
        guard self.links[epoch] != nil else { return }
        switch event {
        case .opened(let subprotocol):
            self.figures.opened(epoch, at: self.time.now())
            self.handle(.opened(epoch, subprotocol: subprotocol))
        case .messages(let batches):
            let now = self.time.now()
            self.figures.heard(at: now)
            self.handle(.messages(epoch, batches))
            self.measureNowAndThen(at: now)
        case .roundTrip(let time):
            self.figures.answered(after: time)
            self.handle(.ponged(epoch))
        case .ended(let end):
            self.links[epoch] = nil
            self.note(end, of: epoch)
            self.handle(.ended(epoch, end))
            if self.closed, self.links.isEmpty { self.finishClosing() }
        }
    }

    private func note(_ end: ConnectionEnd, of epoch: Engine.Epoch) {
        let error: FreshetError? = if case .ours = end { nil } else { end.error }
        self.figures.ended(epoch, because: error, isLast: self.links.isEmpty)
        if let error { self.logger.debug("the connection ended", metadata: ["reason": "\(error.message)"]) }
    }

    // MARK: - Delivering

    private func deliver(_ items: [FeedItem], to id: Engine.ConsumerID) {
        guard let buffer = self.consumers[id]?.buffer else { return }
        for item in items { if let gap = item.gap { self.figures.told(gap) } }
        let now = self.time.now()
        let appended =
            items.count == 1 && !items[0].isDroppable
            ? buffer.appendMerging(items[0], at: now)
            : buffer.append(items, bytes: items.reduce(0) { $0 + $1.byteCount }, at: now)
        switch appended {
        case .taken: break
        case .full: self.handle(.full(id))
        case .overflowed: self.leave(id)
        }
    }

    private func fetch(
        _ id: SubscriptionID,
        _ number: Int,
        _ request: SnapshotRequest,
        _ consumer: Engine.ConsumerID,
        answer: @escaping @Sendable (Result<Fetched, FreshetError>) -> Engine.Event
    ) {
        guard let fetch = self.consumers[consumer]?.fetch else { return }
        let task = Task { [weak self] in
            let result: Result<Fetched, FreshetError>
            do throws(FreshetError) {
                result = .success(try await fetch(request))
            } catch {
                result = .failure(error)
            }
            guard !Task.isCancelled else { return }
            await self?.fetched(id, number, answer(result))
        }
        self.fetching[id] = (number, task)
    }

    private func fetched(_ id: SubscriptionID, _ number: Int, _ event: Engine.Event) {
        if self.fetching[id]?.number == number { self.fetching[id] = nil }
        self.handle(event)
    }

    // MARK: - Timers

    private func start(_ timer: Engine.Timer, _ delay: Duration) {
        self.timers[timer]?.cancel()
        self.timers[timer] = Task { [weak self, time = self.time] in
            guard (try? await time.sleep(delay)) != nil else { return }
            await self?.fired(timer)
        }
    }

    private func fired(_ timer: Engine.Timer) {
        guard !Task.isCancelled else { return }
        self.timers[timer] = nil
        self.handle(.fired(timer))
    }

    // MARK: - States and the end

    func observe(_ continuation: AsyncStream<ConnectionState>.Continuation) {
        guard !self.closed else { return continuation.finish() }
        let id = self.observers.add(continuation)
        continuation.onTermination = { [weak self, loop] _ in
            guard let self else { return }
            loop.execute { self.assumeIsolated { $0.observers.remove(id) } }
        }
    }

    private func finishClosing() {
        self.observers.finish()
        let waiters = self.closeWaiters
        self.closeWaiters = []
        for waiter in waiters { waiter.resume() }
    }
}
