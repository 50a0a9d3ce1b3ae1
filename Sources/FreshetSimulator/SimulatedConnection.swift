// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One connection of the virtual network: texts arrive in order, after a while, or never.
final class SimulatedConnection {
    /// What became of it.
    enum State {
        case dialing, open, ended
    }

    let epoch: UInt64
    private let clock: SimulatedClock
    private let latency: () -> Duration
    private(set) var state = State.dialing
    /// Nothing arrives any more, in either direction, and nobody is told.
    var isDead = false
    /// The client does not read.
    var isPaused = false { didSet { if !self.isPaused { self.flush() } } }

    var onServerText: (String) -> Void = { _ in }
    var onServerEnd: () -> Void = {}
    var onClientTexts: ([String]) -> Void = { _ in }
    var onClientEnd: (ConnectionEnd) -> Void = { _ in }

    private var lastToServer: Duration = .zero
    private var lastToClient: Duration = .zero
    private var unread: [String] = []
    /// We have closed: nothing is delivered to the client any more.
    private(set) var isClosing = false
    private var serverKnows = true

    init(epoch: UInt64, clock: SimulatedClock, latency: @escaping () -> Duration) {
        self.epoch = epoch
        self.clock = clock
        self.latency = latency
    }

    func opened() { self.state = .open }

    // MARK: - Texts

    func clientSends(_ text: String) {
        guard self.state == .open, !self.isClosing else { return }
        self.deliver(&self.lastToServer) { [self] in
            if self.serverKnows { self.onServerText(text) }
        }
    }

    func serverSends(_ text: String) {
        guard self.state == .open, self.serverKnows else { return }
        self.deliver(&self.lastToClient) { [self] in
            guard self.state == .open, !self.isClosing else { return }
            self.unread.append(text)
            self.flush()
        }
    }

    private func flush() {
        guard !self.isPaused, self.state == .open, !self.isClosing, !self.unread.isEmpty else { return }
        let texts = self.unread
        self.unread = []
        self.onClientTexts(texts)
    }

    /// In order: never before what was sent earlier in the same direction.
    private func deliver(_ last: inout Duration, _ body: @escaping () -> Void) {
        let at = max(last, self.clock.now + self.latency())
        last = at
        self.clock.after(at - self.clock.now) { [self] in
            if !self.isDead { body() }
        }
    }

    // MARK: - Ends

    /// The client closes: what it sent before arrives, and it hears of its end within a second.
    func clientCloses(as end: ConnectionEnd) {
        guard self.state != .ended, !self.isClosing else { return }
        let wasOpen = self.state == .open
        self.isClosing = true
        self.deliver(&self.lastToServer) { [self] in self.serverEnds() }
        let wait: Duration = self.isDead ? .seconds(1) : wasOpen ? self.latency() * 2 : .zero
        self.clock.after(min(wait, .seconds(1))) { [self] in
            self.endClient(end)
            self.serverEnds()
        }
    }

    /// The client cuts it.
    func clientAbandons(_ end: ConnectionEnd) {
        guard self.state != .ended else { return }
        self.isClosing = true
        self.clock.after(.zero) { [self] in
            self.endClient(end)
            self.serverEnds()
        }
    }

    /// The server, or the network, ends it; what is on its way to the client still arrives, or not.
    func serverCloses(_ end: ConnectionEnd, losingTexts: Bool) {
        guard self.state != .ended else { return }
        self.serverEnds()
        if losingTexts {
            self.endClient(end)
        } else {
            self.deliver(&self.lastToClient) { [self] in
                // What was not read is read before the end.
                self.isPaused = false
                self.endClient(end)
            }
        }
    }

    private func serverEnds() {
        guard self.serverKnows else { return }
        self.serverKnows = false
        self.onServerEnd()
    }

    private func endClient(_ end: ConnectionEnd) {
        guard self.state != .ended else { return }
        self.state = .ended
        self.onClientEnd(end)
    }
}
