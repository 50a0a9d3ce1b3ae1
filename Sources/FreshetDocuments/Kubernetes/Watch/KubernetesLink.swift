// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport

/// A connection that is made of many: one for each watch. It carries out what `KubernetesVerdict` decides.
///
/// A watch that ends holds this alive until it has: so everything that was begun comes to its end.
// Proof for @unchecked: everything is touched on the loop's thread only. The manager, which lives there, calls it; the events of
// its connections and of its streams come there; `start` runs by `EventLoop.execute`.
final class KubernetesLink: WebSocketLink, @unchecked Sendable {
    private enum Way {
        case webSocket(any WebSocketLink)
        case stream(KubernetesStream)
    }

    private struct Watch {
        /// Nil: it only finds out whether watches are to be had.
        let id: SubscriptionID?
        let path: String
        var way: Way?
        var openedAt: Duration?
        var hadEvents = false
        var isPinged = false
        /// How the WebSocket was refused, where it is a stream.
        var refusal: ConnectionEnd?
    }

    private let transport: KubernetesTransport
    private let target: WebSocketTarget
    private let loop: EventLoop
    private let events: @Sendable (WebSocketEvent) -> Void
    /// By a number that is never used twice, so that what an old one still says is not taken for a newer one's.
    private var watches: [UInt64: Watch] = [:]
    private var numbers: [SubscriptionID: UInt64] = [:]
    private var lastNumber: UInt64 = 0
    private var isPaused = false
    /// What the end will be, when the last watch has ended.
    private var end: ConnectionEnd?
    private var isOver = false

    init(
        _ transport: KubernetesTransport,
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        self.transport = transport
        self.target = target
        self.loop = loop
        self.events = events
    }

    /// Opens; where `path` is given, when it can be watched.
    func start(proving path: String?) {
        guard self.end == nil else { return }
        if let path { self.open(nil, path) } else { self.opened() }
    }

    private func opened() {
        self.events(.opened(subprotocol: nil))
        self.say(.ready)
    }

    private func say(_ word: KubernetesWord) {
        guard self.end == nil else { return }
        self.events(.messages([MessageBatch(texts: [word.text])]))
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) {
        guard self.end == nil else { return }
        switch KubernetesCommand(message) {
        case .watch(let id, let path)?:
            self.stop(id)
            self.open(id, path)
        case .stop(let id)?: self.stop(id)
        case nil: break
        }
    }

    private func stop(_ id: SubscriptionID) {
        guard let number = self.numbers.removeValue(forKey: id) else { return }
        self.close(number)
    }

    private func close(_ number: UInt64, atOnce: Bool = false) {
        switch self.watches[number]?.way {
        case .webSocket(let link)? where atOnce: link.abandon(.ours)
        case .webSocket(let link)?: link.close(CloseFrame(code: 1000, reason: ""), as: .ours)
        case .stream(let stream)?: stream.cancel()
        case nil: break
        }
    }

    func pauseReading() {
        self.isPaused = true
        for watch in self.watches.values { Self.pause(watch.way) }
    }

    func resumeReading() {
        self.isPaused = false
        for watch in self.watches.values {
            switch watch.way {
            case .webSocket(let link)?: link.resumeReading()
            case .stream(let stream)?: stream.resume()
            case nil: break
            }
        }
    }

    private static func pause(_ way: Way?) {
        switch way {
        case .webSocket(let link)?: link.pauseReading()
        case .stream(let stream)?: stream.pause()
        case nil: break
        }
    }

    /// Answered when each WebSocket has answered; a stream cannot be asked.
    func probe() {
        var asked: [any WebSocketLink] = []
        for (number, watch) in self.watches where watch.openedAt != nil {
            guard case .webSocket(let link)? = watch.way else { continue }
            self.watches[number]?.isPinged = true
            asked.append(link)
        }
        for link in asked { link.probe() }
        if asked.isEmpty { self.loop.execute { [self] in if self.end == nil { self.events(.roundTrip(.zero)) } } }
    }

    func close(_ frame: CloseFrame, as end: ConnectionEnd) { self.finish(end, atOnce: false) }

    func abandon(_ end: ConnectionEnd) { self.finish(end, atOnce: true) }

    private func finish(_ end: ConnectionEnd, atOnce: Bool) {
        self.end = self.end ?? end
        self.numbers = [:]
        for number in self.watches.keys.sorted() { self.close(number, atOnce: atOnce) }
        self.finishIfDone()
    }

    private func finishIfDone() {
        guard let end = self.end, self.watches.isEmpty, !self.isOver else { return }
        self.isOver = true
        // Never within the caller's call.
        self.loop.execute { [self] in self.events(.ended(end)) }
    }

    // MARK: - Watches

    private func open(_ id: SubscriptionID?, _ path: String) {
        self.lastNumber += 1
        let number = self.lastNumber
        self.watches[number] = Watch(id: id, path: path)
        if let id { self.numbers[id] = number }
        if let refusal = self.transport.wayIsClosed {
            self.openStream(number, path, refusal)
        } else {
            self.openWebSocket(number, path)
        }
    }

    private func openWebSocket(_ number: UInt64, _ path: String) {
        do throws(FreshetError) {
            var target = self.target
            let seconds = self.transport.seconds(streamed: false)
            target.endpoint = try Endpoint("\(self.transport.server)\(path)&timeoutSeconds=\(seconds)")
            let link = self.transport.transport.dial(target, on: self.loop) { [self] in self.heard($0, number) }
            self.watches[number]?.way = .webSocket(link)
        } catch {
            let end = ConnectionEnd.failure(error)
            self.loop.execute { [self] in self.heard(.ended(end), number) }
        }
    }

    private func openStream(_ number: UInt64, _ path: String, _ refusal: ConnectionEnd) {
        let stream = KubernetesStream(on: self.loop)
        self.watches[number]?.way = .stream(stream)
        self.watches[number]?.refusal = refusal
        if self.isPaused { stream.pause() }
        let seconds = self.transport.seconds(streamed: true)
        let api = self.transport.api
        let open: KubernetesStream.Opening = { () async throws(FreshetError) in
            try await api.stream("\(path)&timeoutSeconds=\(seconds)", for: seconds)
        }
        stream.start(open, lineLimit: self.target.configuration.messageLimit) { [self] in self.heard($0, number) }
    }

    private func heard(_ event: WebSocketEvent, _ number: UInt64) {
        guard let watch = self.watches[number] else { return }
        switch event {
        case .opened:
            self.opened(number)
            if self.isPaused { Self.pause(watch.way) }
        case .messages(let batches):
            self.handOn(batches, of: number)
        case .roundTrip(let time):
            guard watch.isPinged else { return }
            self.watches[number]?.isPinged = false
            if self.end == nil, !self.watches.values.contains(where: \.isPinged) { self.events(.roundTrip(time)) }
        case .ended(let end):
            let verdict = KubernetesVerdict(webSocket: end, life: self.life(of: watch), hadEvents: watch.hadEvents)
            self.ended(number, verdict, end)
        }
    }

    private func heard(_ event: KubernetesStream.Event, _ number: UInt64) {
        guard let watch = self.watches[number] else { return }
        switch event {
        case .opened: self.opened(number)
        case .line(let line): self.handOn([MessageBatch(WebSocketMessage(.text, line))], of: number)
        case .ended(let error):
            let verdict = KubernetesVerdict(
                answer: error,
                life: self.life(of: watch),
                hadEvents: watch.hadEvents,
                refusal: watch.refusal
            )
            self.ended(number, verdict, error.map { .failure($0) } ?? .ours)
        }
    }

    private func life(of watch: Watch) -> Duration? { watch.openedAt.map { self.transport.time.now() - $0 } }

    private func opened(_ number: UInt64) {
        self.watches[number]?.openedAt = self.transport.time.now()
        self.transport.api.answered()
        guard let watch = self.watches[number], watch.id == nil, self.end == nil else { return }
        self.close(number)
        self.proven()
    }

    /// Watches are to be had again.
    private func proven() {
        self.transport.state.withLock { $0.closedPath = nil }
        self.opened()
    }

    private func handOn(_ batches: [MessageBatch], of number: UInt64) {
        let count = batches.reduce(0) { $0 + $1.count }
        guard count > 0, self.end == nil, let id = self.watches[number]?.id, self.numbers[id] == number else { return }
        self.watches[number]?.hadEvents = true
        self.events(.messages([MessageBatch(texts: [KubernetesWord.events(id, count: count).text])] + batches))
    }

    private func ended(_ number: UInt64, _ verdict: KubernetesVerdict, _ end: ConnectionEnd) {
        guard let watch = self.watches.removeValue(forKey: number) else { return }
        defer { self.finishIfDone() }
        guard self.end == nil else { return }
        if end.error.refusal != nil { self.transport.api.answered() }
        if let id = watch.id {
            guard self.numbers[id] == number else { return }
            self.numbers[id] = nil
        } else if watch.openedAt != nil {
            return
        }
        switch verdict {
        case .streamed:
            self.transport.refused(end)
            self.open(watch.id, watch.path)
        case .hopeless(let end):
            if end.isRefusalInHTTP { self.transport.state.withLock { $0.closedPath = watch.path } }
            self.finish(end, atOnce: true)
        case .again, .later, .gone, .refused:
            if let id = watch.id {
                self.say(verdict, of: id, end)
            } else if case .gone = verdict {
                // It would be watched, from a newer version.
                self.proven()
            } else {
                self.finish(end, atOnce: true)
            }
        }
    }

    private func say(_ verdict: KubernetesVerdict, of id: SubscriptionID, _ end: ConnectionEnd) {
        switch verdict {
        case .again: self.say(.over(id))
        case .later(let reason, let delay):
            // A server that has never answered is not waited for: the URL is likely wrong.
            guard self.transport.api.hasAnswered else { return self.finish(end, atOnce: true) }
            self.say(.broken(id, reason: reason, after: delay))
        case .gone(let reason): self.say(.gone(id, reason: reason))
        case .refused(let status, let reason): self.say(.refused(id, status: status, reason: reason))
        case .streamed, .hopeless: break
        }
    }
}
