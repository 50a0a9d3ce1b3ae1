// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport

/// One connection of a `RealtimeTransport`; while it is redirected, one after another.
// Proof for @unchecked: the variables are touched on the loop's thread only: the manager calls there, the links tell their events
// there, and the timer's task comes back by `loop.execute`. Everything else does not change.
final class RealtimeLink: WebSocketLink, @unchecked Sendable {
    /// After so long without a word in either direction something is said.
    static let silence: Duration = .seconds(45)
    private static let redirectLimit = 5

    private let transport: RealtimeTransport
    private let target: WebSocketTarget
    private let loop: EventLoop
    private let events: @Sendable (WebSocketEvent) -> Void
    private var link: (any WebSocketLink)?
    /// Counts the connections, so that what an old one still says is not taken for the new one's.
    private var number = 0
    private var host: String?
    private var hasOpened = false
    private var hasGreeted = false
    private var isOver = false
    /// What the greeting comes in.
    private var assembler = RealtimeAssembler(limit: 1 << 20)
    private let lastWord = Locked<Duration>(.zero)
    private var timer: Task<Void, Never>?

    init(
        _ transport: RealtimeTransport,
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        self.transport = transport
        self.target = target
        self.loop = loop
        self.events = events
    }

    deinit { self.timer?.cancel() }

    func start() {
        self.host = self.transport.memory.host
        self.dial()
    }

    private func dial() {
        self.number += 1
        let number = self.number
        do throws(FreshetError) {
            let target = try self.transport.target(self.target, host: self.host)
            self.link = self.transport.transport.dial(target, on: self.loop) { [weak self] in self?.heard($0, number) }
        } catch {
            // Never within the caller's call.
            let end = ConnectionEnd.failure(error)
            self.loop.execute { [weak self] in self?.heard(.ended(end), number) }
        }
    }

    private func heard(_ event: WebSocketEvent, _ number: Int) {
        guard number == self.number, !self.isOver else { return }
        switch event {
        case .opened:
            self.heardAWord()
            guard !self.hasOpened else { return }
            self.hasOpened = true
            self.expectSilence()
            self.events(event)
        case .messages(let batches):
            self.heardAWord()
            guard self.hasGreeted || !self.isRedirected(by: batches) else { return }
            self.events(event)
        case .roundTrip: self.events(event)
        case .ended:
            // A host that cannot be had any more is not tried again.
            if !self.hasGreeted, self.host != nil { self.transport.memory.host = nil }
            self.isOver = true
            self.timer?.cancel()
            self.events(event)
        }
    }

    // MARK: - The greeting

    /// Looks at what comes up to the greeting, which may be that somebody else is to be asked.
    private func isRedirected(by batches: [MessageBatch]) -> Bool {
        for frame in batches.joined() {
            // What is wrong with it is the source's to say.
            guard let whole = try? self.assembler.take(frame.payload), let message = RealtimeMessage(whole) else {
                continue
            }
            switch message {
            case .hello(let hello):
                self.hasGreeted = true
                let now = Date().timeIntervalSince1970
                self.transport.memory.clockOffset = .milliseconds(hello.time) - .seconds(now)
                return false
            case .reset(let host):
                self.redirect(to: host)
                return true
            default: continue
            }
        }
        return false
    }

    private func redirect(to host: String) {
        self.link?.abandon(.ours)
        self.link = nil
        guard self.number <= Self.redirectLimit else {
            let error = FreshetError(.interrupted, "the server has redirected \(Self.redirectLimit) times")
            return self.heard(.ended(.failure(error)), self.number)
        }
        self.host = host
        self.transport.memory.host = host
        self.assembler = RealtimeAssembler(limit: 1 << 20)
        self.dial()
    }

    // MARK: - Silence

    private func heardAWord() {
        let now = self.transport.time.now()
        self.lastWord.withLock { $0 = now }
    }

    private func expectSilence() {
        self.timer = Task { [weak self, time = self.transport.time, lastWord = self.lastWord] in
            var delay = Self.silence
            while (try? await time.sleep(delay)) != nil {
                let quiet = time.now() - lastWord.withLock { $0 }
                delay = quiet < Self.silence ? Self.silence - quiet : Self.silence
                if quiet >= Self.silence { self?.breakSilence() }
            }
        }
    }

    private func breakSilence() {
        self.loop.execute { [weak self] in
            guard let self, !self.isOver else { return }
            self.say(WebSocketMessage(text: "0"))
        }
    }

    private func say(_ message: WebSocketMessage) {
        self.heardAWord()
        self.link?.send(message)
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) {
        for frame in RealtimeFrames.split(message.payload) { self.say(WebSocketMessage(.text, frame)) }
    }

    func pauseReading() { self.link?.pauseReading() }
    func resumeReading() { self.link?.resumeReading() }
    func probe() { self.link?.probe() }
    func close(_ frame: CloseFrame, as end: ConnectionEnd) { self.link?.close(frame, as: end) }
    func abandon(_ end: ConnectionEnd) { self.link?.abandon(end) }
}
