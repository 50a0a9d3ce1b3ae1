// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// One connection of a `FallbackTransport`: over the WebSocket, or over what stands in for it.
// Proof for @unchecked: the variables are touched on the loop's thread only: the manager calls there, the links tell their
// events there, and the timer's task comes back by `loop.execute`. Everything else does not change.
final class FallbackLink: WebSocketLink, @unchecked Sendable {
    private let target: WebSocketTarget
    private let webSocket: any WebSocketTransport
    private let other: any WebSocketTransport
    private let loop: EventLoop
    private let time: TimeSource
    private let events: @Sendable (WebSocketEvent) -> Void
    private var link: (any WebSocketLink)?
    private var hasOpened = false
    private var isOver = false
    private var pace = ReturnPace()
    private var timer: Task<Void, Never>?
    /// An attempt to come back.
    private var attempt: (any WebSocketLink)?

    init(
        _ target: WebSocketTarget,
        _ webSocket: any WebSocketTransport,
        _ other: any WebSocketTransport,
        on loop: EventLoop,
        time: TimeSource,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        self.target = target
        self.webSocket = webSocket
        self.other = other
        self.loop = loop
        self.time = time
        self.events = events
    }

    deinit { self.timer?.cancel() }

    func start() {
        self.link = self.webSocket.dial(self.target, on: self.loop) { [weak self] in self?.heard($0) }
    }

    private func heard(_ event: WebSocketEvent) {
        switch event {
        case .opened: self.hasOpened = true
        case .ended(let end) where !self.hasOpened && end.isRefusalInHTTP: return self.standIn()
        case .messages, .roundTrip, .ended: break
        }
        self.tell(event)
    }

    private func tell(_ event: WebSocketEvent) {
        guard !self.isOver else { return }
        if case .ended = event {
            self.isOver = true
            self.timer?.cancel()
            self.attempt?.abandon(.ours)
        }
        self.events(event)
    }

    // MARK: - Without the WebSocket

    private func standIn() {
        self.link = self.other.dial(self.target, on: self.loop) { [weak self] in self?.tell($0) }
        self.tryLater()
    }

    private func tryLater() {
        let delay = self.pace.next(jitter: self.time.jitter())
        self.timer = Task { [weak self, time = self.time] in
            guard (try? await time.sleep(delay)) != nil else { return }
            self?.fired()
        }
    }

    private func fired() {
        self.loop.execute { [weak self] in self?.tryAgain() }
    }

    private func tryAgain() {
        guard !self.isOver else { return }
        self.attempt = self.webSocket.dial(self.target, on: self.loop) { [weak self] in self?.attempted($0) }
    }

    private func attempted(_ event: WebSocketEvent) {
        switch event {
        case .opened:
            self.attempt?.close(CloseFrame(code: 1000, reason: ""), as: .ours)
            let error = FreshetError(.closed(code: 1012), "there is a WebSocket to be had again")
            self.link?.abandon(.failure(error))
        case .ended:
            self.attempt = nil
            if !self.isOver { self.tryLater() }
        case .messages, .roundTrip: break
        }
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) { self.link?.send(message) }
    func pauseReading() { self.link?.pauseReading() }
    func resumeReading() { self.link?.resumeReading() }
    func probe() { self.link?.probe() }
    func close(_ frame: CloseFrame, as end: ConnectionEnd) { self.link?.close(frame, as: end) }
    func abandon(_ end: ConnectionEnd) { self.link?.abandon(end) }
}
