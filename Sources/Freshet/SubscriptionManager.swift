// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Logging

/// Keeps subscriptions alive on one connection: an actor on the loop's thread that carries out what its machines decide.
///
/// State, and who guards it: everything is isolated to this actor, whose executor is the loop. C calls arrive on that
/// thread and enter by `assumeIsolated`; consumers reach it through a `SubscriptionClient`.
actor SubscriptionManager<Source: FeedSource> {
    nonisolated let loop: EventLoop
    private let residence: EventLoop.Residence
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }

    private struct Subscription {
        let request: Source.Request
        let buffer: FeedBuffer
    }

    private let target: WebSocketTarget
    private let transport: any WebSocketTransport
    private let time: TimeSource
    private let logger: Logger
    private let template: Source

    private var machine: ConnectionMachine
    private var table = SubscriptionTable()
    private var subscriptions: [SubscriptionTable.ID: Subscription] = [:]
    /// Subscriptions whose consumer is so far behind that the socket is not read.
    private var full: Set<SubscriptionTable.ID> = []
    private var source: Source
    /// What the server chose on the present connection.
    private var subprotocol: String?
    private var link: (any WebSocketLink)?
    /// The attempt that `link` belongs to.
    private var epoch: ConnectionMachine.Epoch = 0
    private var timers: [ConnectionMachine.Timer: Task<Void, Never>] = [:]
    private var observers = StateObservers()
    private var closed = false
    private var closeWaiters: [CheckedContinuation<Void, Never>] = []

    init(
        source: Source,
        target: WebSocketTarget,
        policy: ConnectionMachine.Policy,
        loop: EventLoop,
        transport: any WebSocketTransport,
        time: TimeSource,
        logger: Logger
    ) {
        self.source = source
        self.template = source
        var target = target
        target.subprotocols = source.subprotocols
        self.target = target
        self.machine = ConnectionMachine(policy: policy)
        self.loop = loop
        self.residence = EventLoop.Residence(loop)
        self.transport = transport
        self.time = time
        self.logger = logger
    }

    deinit { self.observers.finish() }

    // MARK: - For SubscriptionClient

    /// Ends every feed, says goodbye to the server, and returns when the connection is gone (1 s at most).
    func close() async {
        if !self.closed {
            self.closed = true
            let error = FreshetError(.clientClosed, "the client has been closed")
            for id in self.subscriptions.keys { self.end(id, .failed(error)) }
            self.handle(.close)
        }
        guard self.link != nil else { return self.finishClosing() }
        await withCheckedContinuation { self.closeWaiters.append($0) }
    }

    // MARK: - Subscriptions

    func add(_ request: Source.Request, _ buffer: FeedBuffer) -> SubscriptionTable.ID? {
        guard !self.closed else {
            buffer.finish(.failed(FreshetError(.clientClosed, "the client has been closed")))
            return nil
        }
        let (id, actions) = self.table.add()
        self.subscriptions[id] = Subscription(request: request, buffer: buffer)
        self.perform(actions, gap: nil)
        self.handle(.wanted)
        return id
    }

    func cancel(_ id: SubscriptionTable.ID) {
        guard self.subscriptions.removeValue(forKey: id) != nil else { return }
        self.perform(self.table.cancel(id), gap: nil)
        self.drained(id)
        if self.table.isEmpty { self.handle(.unwanted) }
    }

    /// The server, or we, ended it.
    private func end(_ id: SubscriptionTable.ID, _ end: DeliveryBuffer<FeedItem>.End) {
        guard let subscription = self.subscriptions.removeValue(forKey: id) else { return }
        subscription.buffer.finish(end)
        self.table.finish(id)
        self.drained(id)
        if self.table.isEmpty { self.handle(.unwanted) }
    }

    private func perform(_ actions: [SubscriptionTable.Action], gap: Gap?) {
        for action in actions {
            switch action {
            case .subscribe(let id):
                guard let subscription = self.subscriptions[id] else { continue }
                self.link?.send(self.source.subscribe(id, to: subscription.request))
            case .unsubscribe(let id):
                self.link?.send(self.source.unsubscribe(id))
            case .markGap(let id):
                if let gap { self.delivered(to: id) { $0.append(gap) } }
            }
        }
    }

    // MARK: - Delivery and back-pressure

    /// Delivers to a feed's buffer, which says whether it is full.
    private func delivered(to id: SubscriptionTable.ID, _ deliver: (FeedBuffer) -> Bool) {
        guard let buffer = self.subscriptions[id]?.buffer, deliver(buffer) else { return }
        if self.full.isEmpty { self.link?.pauseReading() }
        self.full.insert(id)
    }

    /// There is room again in a feed's buffer.
    func drained(_ id: SubscriptionTable.ID) {
        guard self.full.remove(id) != nil, self.full.isEmpty else { return }
        self.link?.resumeReading()
    }

    private func received(_ messages: [MessageBatch]) {
        var batch = DeliveryBatch()
        for message in messages.joined() {
            let event: SourceEvent
            do throws(SourceViolation) {
                event = try self.source.receive(message)
            } catch {
                self.deliver(&batch)
                return self.violated(error)
            }
            if case .update(let id, let slice) = event {
                if batch.id != id { self.deliver(&batch) }
                batch.add(slice, for: id)
                continue
            }
            self.deliver(&batch)
            self.handle(event)
        }
        self.deliver(&batch)
    }

    private func deliver(_ batch: inout DeliveryBatch) {
        guard let id = batch.id else { return }
        let (items, bytes) = batch.take()
        self.delivered(to: id) { $0.append(items, bytes: bytes) }
    }

    private func handle(_ event: SourceEvent) {
        switch event {
        case .ready: self.handle(.ready(self.epoch))
        case .update: break  // batched by the caller
        case .failed(let id, let error): self.end(id, .failed(error))
        case .completed(let id): self.end(id, .finished)
        case .reply(let message): self.link?.send(message)
        case .nothing(let note): if let note { self.logger.warning("\(note)") }
        }
    }

    private func violated(_ violation: SourceViolation) {
        self.link?.close(violation.close, as: .failure(violation.error))
    }

    // MARK: - The connection

    private func handle(_ event: ConnectionMachine.Event) {
        for action in self.machine.on(event, at: self.time.now(), jitter: self.time.jitter()) {
            self.perform(action)
        }
    }

    private func perform(_ action: ConnectionMachine.Action) {
        switch action {
        case .dial(let epoch): self.dial(epoch)
        case .handshake: self.beginHandshake()
        case .subscribeAll(let outage, let reason):
            let gap = Gap(cause: .unknown, reason: reason, outage: outage)
            self.perform(self.table.connectionReady(), gap: gap)
        case .start(let timer, let delay, let epoch): self.start(timer, delay, epoch)
        case .stop(let timer): self.timers.removeValue(forKey: timer)?.cancel()
        case .closeSocket: self.link?.close(CloseFrame(code: 1000, reason: ""), as: .ours)
        case .abandonSocket(let end): self.link?.abandon(end)
        case .lost: self.lose()
        case .fail(let error):
            for id in self.subscriptions.keys.sorted() { self.end(id, .failed(error)) }
        case .report(let state): self.observers.report(state)
        }
    }

    private func dial(_ epoch: ConnectionMachine.Epoch) {
        self.epoch = epoch
        self.source = self.template
        self.link = self.transport.dial(self.target, on: self.loop) { [weak self] event in
            self?.assumeIsolated { $0.heard(event, epoch) }
        }
    }

    private func heard(_ event: WebSocketEvent, _ epoch: ConnectionMachine.Epoch) {
        guard epoch == self.epoch, self.link != nil else { return }
        switch event {
        case .opened(let subprotocol):
            self.subprotocol = subprotocol
            self.handle(.opened(epoch))
        case .messages(let messages):
            self.received(messages)
        case .ended(let end):
            self.link = nil
            self.handle(.ended(epoch, end))
            if self.closed { self.finishClosing() }
        }
    }

    private func beginHandshake() {
        do throws(SourceViolation) {
            for message in try self.source.opened(subprotocol: self.subprotocol) { self.link?.send(message) }
        } catch {
            self.violated(error)
        }
    }

    private func lose() {
        self.table.connectionLost()
        self.full = []
    }

    private func start(_ timer: ConnectionMachine.Timer, _ delay: Duration, _ epoch: ConnectionMachine.Epoch) {
        self.timers[timer]?.cancel()
        self.timers[timer] = Task { [weak self, time = self.time] in
            guard (try? await time.sleep(delay)) != nil else { return }
            await self?.fired(timer, epoch)
        }
    }

    private func fired(_ timer: ConnectionMachine.Timer, _ epoch: ConnectionMachine.Epoch) {
        guard !Task.isCancelled else { return }
        self.handle(.fired(timer, epoch))
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
