// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetDocuments
import FreshetHTTP
import FreshetTransport
import HTTPTypes

/// One WebChannel: carries out what its machine decides.
// Proof for @unchecked: the variables are touched on the loop's thread only: the manager calls there, and tasks come back by
// `loop.execute`. Everything else does not change.
final class WebChannelLink: WebSocketLink, @unchecked Sendable {
    /// What a source is told when the channel is there: the protocol itself has no message for it.
    static let opening = WebSocketMessage(text: "{}")
    private static let path = "google.firestore.v1.Firestore/Listen/channel"
    private static let expiry = FreshetError(.interrupted, "the channel is made anew with other credentials")

    private let client: HTTPClient
    private let pace: WebChannelPace
    private let loop: EventLoop
    private let time: TimeSource
    private let foundBuffering: @Sendable () -> Void
    private let online: FirestoreOnline
    private let events: @Sendable (WebSocketEvent) -> Void
    private let gate = ReadingGate()
    private var channel: WebChannel
    private var requests: [Int: Task<Void, Never>] = [:]
    private var timers: [WebChannel.Timer: (number: UInt64, task: Task<Void, Never>)] = [:]
    private var lastTimer: UInt64 = 0
    private var expiring: Task<Void, Never>?
    private var hasOpened = false
    private var isOver = false

    init(
        _ channel: WebChannel,
        client: HTTPClient,
        loop: EventLoop,
        time: TimeSource,
        foundBuffering: @escaping @Sendable () -> Void,
        online: FirestoreOnline,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        self.channel = channel
        self.pace = channel.pace
        self.client = client
        self.loop = loop
        self.time = time
        self.foundBuffering = foundBuffering
        self.online = online
        self.events = events
    }

    /// The credentials are those of the handshake for as long as the channel lives, so it lives no longer than they do.
    ///
    /// - Parameters:
    ///   - lifetime: how long that is; nil: for ever.
    ///   - ending: is told when it is over.
    func start(lifetime: Duration?, ending: @escaping @Sendable () -> Void) {
        self.loop.execute { [self] in self.handle(.start) }
        guard let lifetime else { return }
        let margin = min(lifetime / 4, .seconds(60))
        self.expiring = Task { [weak self, time] in
            guard (try? await time.sleep(lifetime - margin)) != nil else { return }
            ending()
            self?.abandon(.failure(Self.expiry))
        }
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) { self.handle(.send(message.payload)) }
    func pauseReading() { self.gate.close() }
    func resumeReading() { self.gate.open() }

    /// The channel has no ping: a new one is the only way to find out.
    func probe() {
        self.abandon(
            .failure(FreshetError(.interrupted, "the channel is made anew, to find out whether the server lives"))
        )
    }

    func close(_ frame: CloseFrame, as end: ConnectionEnd) { self.abandon(end) }

    func abandon(_ end: ConnectionEnd) {
        // Never within the caller's call.
        self.loop.execute { [self] in
            self.handle(.close)
            self.finish(end)
        }
    }

    // MARK: - The machine

    private func handle(_ event: WebChannel.Event) {
        guard !self.isOver else { return }
        for action in self.channel.on(event, at: self.time.now(), jitter: self.time.jitter()) { self.perform(action) }
        if self.channel.isLongPolling { self.foundBuffering() }
    }

    private func perform(_ action: WebChannel.Action) {
        switch action {
        case .request(let request): self.send(request)
        case .cancel(let number): self.requests.removeValue(forKey: number)?.cancel()
        case .start(let timer, let delay): self.start(timer, delay)
        case .stop(let timer): self.timers.removeValue(forKey: timer)?.task.cancel()
        case .opened:
            self.hasOpened = true
            self.online.opened()
            self.events(.opened(subprotocol: nil))
            self.events(.messages([MessageBatch(Self.opening)]))
        case .deliver(let messages):
            self.events(.messages(messages.map { MessageBatch(WebSocketMessage(.text, $0)) }))
        case .failed(let error, let retryAfter): self.finish(.failure(error, retryAfter: retryAfter))
        }
    }

    private func finish(_ end: ConnectionEnd) {
        guard !self.isOver else { return }
        self.isOver = true
        self.expiring?.cancel()
        for timer in self.timers.values { timer.task.cancel() }
        self.timers = [:]
        // The one that says goodbye goes on.
        self.requests = [:]
        self.gate.open()
        if !self.hasOpened, end != .ours { self.online.attemptFailed() }
        self.events(.ended(end))
    }

    private func start(_ timer: WebChannel.Timer, _ delay: Duration) {
        self.lastTimer += 1
        let number = self.lastTimer
        self.timers[timer]?.task.cancel()
        let task = Task { [weak self, time, loop] in
            guard (try? await time.sleep(delay)) != nil else { return }
            loop.execute { [weak self] in self?.fired(timer, number) }
        }
        self.timers[timer] = (number, task)
    }

    private func fired(_ timer: WebChannel.Timer, _ number: UInt64) {
        guard self.timers[timer]?.number == number else { return }
        self.timers[timer] = nil
        self.handle(.fired(timer))
    }

    // MARK: - Requests

    private func send(_ request: WebChannelRequest) {
        let number = request.number
        self.requests[number] = Task { [self] in
            var failure: FreshetError?
            do throws(FreshetError) {
                try await self.exchange(request)
            } catch {
                failure = error
            }
            self.loop.execute { [failure] in
                self.requests[number] = nil
                self.handle(.ended(number, failure))
            }
        }
    }

    private func exchange(_ request: WebChannelRequest) async throws(FreshetError) {
        let number = request.number
        let reply = try await self.client.send(try self.call(request))
        let session = HTTPField.Name("X-HTTP-Session-Id").flatMap { reply.response.headerFields[$0] }
        self.loop.execute {
            self.handle(.answered(number, status: reply.response.status.code, session: session))
        }
        for try await bytes in reply.body {
            // Only the one that does not end is held up.
            if request.kind == .back { guard await self.gate.pass() else { return } }
            self.loop.execute { self.handle(.received(number, bytes)) }
        }
    }

    private func call(_ request: WebChannelRequest) throws(FreshetError) -> HTTPCall {
        var query = HTTPQuery()
        for (name, value) in request.query.sorted(by: { $0.key < $1.key }) { query.append(name, value) }
        query.append("zx", String(UInt64.random(in: 0...UInt64.max), radix: 36))
        var call = try self.client.call(
            request.body == nil ? .get : .post,
            Self.path,
            query: query,
            headers: request.body == nil ? [:] : [.contentType: "application/x-www-form-urlencoded"],
            body: request.body.map { HTTPBody($0.utf8) }
        )
        call.allowsHTTP2 = false
        // The machine knows itself when something has been silent for too long.
        if request.kind == .back {
            call.timeouts.receive = nil
            call.timeouts.total = nil
            call.limits.body = nil
        } else {
            call.timeouts.total = self.pace.request
        }
        return call
    }
}
