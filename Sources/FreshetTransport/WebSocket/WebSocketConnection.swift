// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One WebSocket: carries out what its parts (`Dialer`, `WebSocketSession`, `KeepAlive`) decide. Lives on the loop's thread.
final class WebSocketConnection: WebSocketLink {
    private enum Stage {
        case dialing(Dialer)
        case open(Socket)
        case ended
    }

    /// What may wait to be sent on behalf of callers that cannot be suspended; beyond it the peer is taken for dead.
    private static let outputLimit = 64 << 20
    /// A read of so many bytes is most often followed by another at once: TLS brings no more in one.
    private static let fullRead = 16384
    /// Bytes that are delivered without waiting for more.
    private static let deliveryLimit = 256 << 10

    /// The sending half, from any thread.
    let outbox: Outbox
    private let target: WebSocketTarget
    private let loop: EventLoop
    private let residence: EventLoop.Residence
    private let events: @Sendable (WebSocketEvent) -> Void
    private var stage = Stage.ended
    private var session = WebSocketSession(messageLimit: 0)
    private var keepAlive: KeepAlive?
    /// When the last ping was sent, and its number, which is its payload: only the answer to that one counts.
    private var pinged: ContinuousClock.Instant?
    private var pings: UInt8 = 0
    /// What was received and not delivered yet, because more seems to come at once.
    private var batches: [MessageBatch] = []
    private var batchedBytes = 0
    private var isHeld = false
    private var receivedInTurn = false
    private var masks = MaskSource()
    private var timer: UInt64?
    private var closeTimer: UInt64?
    /// Whether our close frame goes after what was sent before, and not instead of it.
    private var keepsData = false
    /// Whether some of that was given up.
    private var losesData = false
    /// What the end will have been, when we know better than the socket.
    private var verdict: ConnectionEnd?

    init(_ target: WebSocketTarget, on loop: EventLoop, events: @escaping @Sendable (WebSocketEvent) -> Void) {
        self.target = target
        self.loop = loop
        self.residence = EventLoop.Residence(loop)
        self.events = events
        let wake = WeakConfined<WebSocketConnection>()
        self.outbox = Outbox(limit: target.configuration.sendLimit) {
            loop.execute { wake.object?.flush() }
        }
        wake.object = self
    }

    func start(route: NetworkRoute? = nil) {
        let dialer = Dialer(self.target, on: self.loop) { [weak self] outcome in self?.dialed(outcome) }
        dialer.route = route
        if let route { dialer.resolve = route.resolve }
        self.stage = .dialing(dialer)
        // Never within the caller's call, as `events` must not come within it.
        let confined = LoopConfined(dialer)
        self.loop.execute { confined.object?.start() }
    }

    private func dialed(_ outcome: Dialer.Outcome) {
        switch outcome {
        case .ended(let end): self.end(end)
        case .opened(let socket, let agreement): self.open(socket, agreement)
        }
    }

    private func open(_ socket: Socket, _ agreement: Upgrade.Agreement) {
        let configuration = self.target.configuration
        self.stage = .open(socket)
        self.session = WebSocketSession(
            messageLimit: configuration.messageLimit,
            inflater: agreement.compression.map { Inflater($0) },
            memory: self.loop.memory
        )
        if let compression = agreement.compression {
            self.outbox.compress(with: Deflater(compression), from: configuration.compression.minimumSize)
        }
        socket.handOver(to: self)
        self.keepAlive = KeepAlive(
            idle: configuration.pingInterval,
            pong: configuration.pongDeadline,
            now: .now
        )
        self.performKeepAlive { $0.start() }
        self.loop.wakers[ObjectIdentifier(self)] = { [weak self] in self?.probe() }
        self.events(.opened(subprotocol: agreement.subprotocol))
        self.flush()
    }

    private func flush() {
        if case .open(let socket) = self.stage { socket.flush() }
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) {
        self.outbox.send(message)
        guard self.outbox.waiting > Self.outputLimit else { return }
        self.abandon(.failure(FreshetError(.closed(code: 1006), "the server does not take what is sent to it")))
    }

    func pauseReading() {
        guard case .open(let socket) = self.stage else { return }
        socket.pauseReading()
        self.keepAlive?.reading(false, at: .now)
    }

    func resumeReading() {
        guard case .open(let socket) = self.stage else { return }
        self.keepAlive?.reading(true, at: .now)
        socket.resumeReading()
    }

    func probe() {
        self.performKeepAlive { $0.woke(at: .now) }
    }

    func close(_ frame: CloseFrame, as end: ConnectionEnd) {
        guard case .open = self.stage else { return self.abandon(end) }
        self.perform(self.session.on(.close(frame, as: end)))
        // A peer that is held back could not be heard to answer.
        self.resumeReading()
    }

    func abandon(_ end: ConnectionEnd) {
        self.verdict = self.verdict ?? end
        switch self.stage {
        case .dialing(let dialer):
            dialer.cancel()
            let confined = LoopConfined(self)  // never within the caller's call
            self.loop.execute { confined.object?.end(end) }
        case .open(let socket): socket.close()
        case .ended: break
        }
    }

    // MARK: - Carrying out

    private func perform(_ actions: [WebSocketSession.Action]) {
        for action in actions {
            switch action {
            case .deliver(let batches):
                self.batches += batches
                self.batchedBytes = batches.reduce(self.batchedBytes) { $0 + $1.byteCount }
            case .pong(let payload):
                self.outbox.sendPong(FrameWriter.frame(.pong, payload, mask: self.masks.next()))
            case .ponged(let payload):
                guard payload.array == [self.pings] else { continue }
                if let pinged = self.pinged.take() { self.events(.roundTrip(pinged.duration(to: .now))) }
            case .close(let frame, let droppingData):
                let bytes = FrameWriter.frame(.close, frame.payload, mask: self.masks.next())
                self.outbox.sendClose(bytes, droppingData: droppingData)
                self.keepsData = !droppingData
            case .startCloseDeadline:
                self.startCloseDeadline()
            case .finishSocket:
                if case .open(let socket) = self.stage { socket.finish() }
            case .abandonSocket:
                if case .open(let socket) = self.stage { socket.close() }
            case .ended(let end):
                self.end(self.verdict ?? self.asItWas(end))
            }
        }
    }

    /// An end that we wanted, but not so early, is a failure.
    private func asItWas(_ end: ConnectionEnd) -> ConnectionEnd {
        guard case .ours = end, self.losesData || self.hasUnsent else { return end }
        return .failure(FreshetError(.closed(code: 1006), "the connection ended before all that was sent had gone out"))
    }

    // MARK: - Closing

    private func startCloseDeadline() {
        guard self.closeTimer == nil else { return }
        self.watchClose(CloseWatch(patience: self.target.configuration.pongDeadline, untaken: self.untaken))
    }

    private func watchClose(_ watch: CloseWatch) {
        var watch = watch
        self.closeTimer = self.loop.schedule(after: CloseWatch.interval) { [weak self] in
            guard let self else { return }
            self.flush()  // on a machine that had no time for us the close frame may not have gone out yet
            let isOver = watch.isOver(untaken: self.untaken, isWaiting: self.hasUnsent)
            guard isOver else { return self.watchClose(watch) }
            self.losesData = self.hasUnsent
            self.perform(self.session.on(.closeDeadline))
        }
    }

    /// Whether something of what our close frame goes after has not gone out.
    private var hasUnsent: Bool {
        guard self.keepsData, case .open(let socket) = self.stage else { return false }
        return self.outbox.waiting > 0 || !socket.isFlushed
    }

    /// How many bytes of that the peer has not taken, be they the kernel's already.
    private var untaken: Int {
        guard self.keepsData, case .open(let socket) = self.stage else { return 0 }
        return self.outbox.waiting + socket.untaken
    }

    // MARK: - Keeping alive

    private func performKeepAlive(_ event: (inout KeepAlive) -> [KeepAlive.Action]) {
        guard case .open = self.stage, self.closeTimer == nil, var keepAlive = self.keepAlive else { return }
        defer { self.keepAlive = keepAlive }
        for action in event(&keepAlive) {
            switch action {
            case .ping:
                self.pinged = .now
                self.pings &+= 1
                self.outbox.sendPing(FrameWriter.frame(.ping, Bytes(copying: [self.pings]), mask: self.masks.next()))
            case .fire(let instant):
                if let timer = self.timer { self.loop.cancel(timer: timer) }
                self.timer = self.loop.schedule(at: instant) { [weak self] in
                    self?.performKeepAlive { $0.fired(at: .now) }
                }
            case .fail(let error):
                self.abandon(.failure(error))
            }
        }
    }

    // MARK: - Delivering

    /// To wake a consumer costs more than to read: while a flood fills every read, several go into one delivery.
    private func deliver(moreComes: Bool) {
        guard moreComes, self.batchedBytes < Self.deliveryLimit, self.closeTimer == nil else { return self.deliver() }
        self.receivedInTurn = true
        guard !self.isHeld else { return }
        self.isHeld = true
        self.loop.held.append(self)
    }

    private func deliver() {
        guard !self.batches.isEmpty else { return }
        let batches = self.batches
        self.batches = []
        self.batchedBytes = 0
        self.events(.messages(batches))
    }

    /// The one way out.
    private func end(_ end: ConnectionEnd) {
        if case .ended = self.stage { return }
        self.deliver()
        self.stage = .ended
        self.loop.wakers[ObjectIdentifier(self)] = nil
        for timer in [self.timer.take(), self.closeTimer.take()] {
            if let timer { self.loop.cancel(timer: timer) }
        }
        self.outbox.finish(end.error)
        self.events(.ended(end))
    }
}

extension WebSocketConnection: Socket.Owner {
    func socketReached(_ phase: Socket.Phase) {}
    func socketResponded(status: Int) -> Socket.Response { .refuse }

    func socketReceived(_ bytes: Bytes) {
        self.keepAlive?.heard(at: .now)
        self.perform(self.session.on(.received(bytes)))
        self.deliver(moreComes: bytes.count >= Self.fullRead)
    }

    func socketRoom() -> UnsafeMutableRawBufferPointer? { unsafe self.session.room() }

    func socketFilledRoom(_ count: Int) {
        self.keepAlive?.heard(at: .now)
        self.perform(self.session.on(.filledRoom(count)))
        self.deliver(moreComes: count >= Self.fullRead)
    }

    func socketNextOutput() -> [UInt8]? { self.outbox.next() }

    func socketEnded(_ end: SocketEnd) {
        self.perform(self.session.on(.socketEnded(end.error(for: self.target.endpoint, address: ""))))
    }
}

extension WebSocketConnection: TurnObserver {
    /// Holds on as long as every turn brings more.
    func turnEnded() -> Bool {
        defer { self.receivedInTurn = false }
        self.isHeld = self.receivedInTurn && !self.batches.isEmpty
        if !self.isHeld { self.deliver() }
        return self.isHeld
    }
}
