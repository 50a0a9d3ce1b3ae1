// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Connects by libwebsockets.
package struct LWSTransport: WebSocketTransport {
    package init() {}

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let connection = WebSocketConnection(target, on: loop, events: events)
        connection.start()
        return connection
    }
}

/// One WebSocket: carries out what its parts (`Upgrade`, `WebSocketSession`) decide. Lives on the loop's thread.
final class WebSocketConnection: WebSocketLink {
    private enum Stage {
        case resolving
        /// The socket is on its way to `addresses[0]`, the rest are for the case that it cannot be reached.
        case connecting(addresses: [String])
        case open
        case ended
    }

    /// How long a peer may take to answer our close frame.
    private static let closeDeadline: Duration = .seconds(1)

    private let target: WebSocketTarget
    private let loop: EventLoop
    private let events: @Sendable (WebSocketEvent) -> Void
    private var stage = Stage.resolving
    private var session: WebSocketSession
    private var upgrade: Upgrade?
    private var socket: Socket?
    private var deadline: UInt64?
    /// What the end will have been, when we know better than the socket.
    private var verdict: ConnectionEnd?
    /// Whether the present address has had its time, and there are others.
    private var addressTimedOut = false
    private var random = SystemRandomNumberGenerator()

    init(_ target: WebSocketTarget, on loop: EventLoop, events: @escaping @Sendable (WebSocketEvent) -> Void) {
        self.target = target
        self.loop = loop
        self.events = events
        self.session = WebSocketSession(messageLimit: target.messageLimit)
    }

    var bytesReceived: UInt64 { self.socket?.bytesReceived ?? 0 }

    // MARK: - Connecting

    func start() {
        do throws(FreshetError) {
            self.upgrade = try Upgrade(
                endpoint: self.target.endpoint,
                subprotocols: self.target.subprotocols,
                headers: self.target.headers,
                randomBytes: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &self.random) }
            )
        } catch {
            return self.endSoon(.failure(error))
        }
        self.arm(.resolve)
        let confined = LoopConfined(self)
        NameResolver.resolve(self.target.endpoint.host, on: self.loop) { answer in
            confined.object?.resolved(answer)
        }
    }

    private func resolved(_ answer: NameResolver.Answer) {
        guard case .resolving = self.stage, self.verdict == nil else { return }
        switch answer {
        case .failure(let error): self.end(.failure(error))
        case .addresses(let addresses) where addresses.isEmpty:
            self.end(.failure(FreshetError(.unreachable, "the host \(self.target.endpoint.host) has no address")))
        case .addresses(let addresses): self.connect(to: addresses)
        }
    }

    private func connect(to addresses: [String]) {
        guard let address = addresses.first, let upgrade = self.upgrade else { return }
        self.stage = .connecting(addresses: addresses)
        self.arm(.connect)
        var tls: OpaquePointer?
        if self.target.endpoint.secure {
            do throws(FreshetError) {
                unsafe tls = try self.loop.tlsHandle(for: self.target.tls)
            } catch {
                return self.end(.failure(error))
            }
        }
        let socket = Socket(loop: self.loop, owner: self)
        self.socket = socket
        unsafe socket.connect(to: self.target.endpoint, address: address, tls: tls, request: upgrade.request)
    }

    /// One deadline at a time: what it was for is told when it passes.
    private func arm(_ phase: FreshetError.Phase) {
        self.disarm()
        let host = self.target.endpoint.authority
        let seconds = self.target.deadline
        self.deadline = self.loop.schedule(after: seconds) { [weak self] in
            guard let self else { return }
            if phase == .connect, case .connecting(let addresses) = self.stage, addresses.count > 1 {
                self.addressTimedOut = true  // its end leads to the next address
                self.socket?.close()
                return
            }
            let error = FreshetError(.timeout(phase), "\(phase.words) \(host) took longer than \(seconds)")
            self.abandon(.failure(error))
        }
    }

    private func disarm() {
        if let deadline = self.deadline.take() { self.loop.cancel(timer: deadline) }
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) {
        self.perform(.send(message.kind == .text ? .text : .binary, message.payload))
    }

    func ping() {
        self.perform(.send(.ping, ByteSlice(copying: [])))
    }

    func pauseReading() { self.socket?.pauseReading() }

    func resumeReading() { self.socket?.resumeReading() }

    func close(_ frame: CloseFrame, as end: ConnectionEnd) {
        guard case .open = self.stage else { return self.abandon(end) }
        self.perform(.close(frame, as: end))
        // A peer that is held back could not be heard to answer.
        self.socket?.resumeReading()
    }

    func abandon(_ end: ConnectionEnd) {
        self.verdict = self.verdict ?? end
        switch self.stage {
        case .resolving: self.endSoon(end)
        case .connecting, .open: self.socket?.close()
        case .ended: break
        }
    }

    // MARK: - Carrying out

    private func perform(_ event: WebSocketSession.Event) {
        for action in self.session.on(event) {
            switch action {
            case .deliver(let messages):
                self.events(.messages(messages))
            case .write(let opcode, let payload):
                let mask = UInt32.random(in: .min ... .max, using: &self.random)
                self.socket?.write(FrameWriter.frame(opcode, payload, mask: mask))
            case .startCloseDeadline:
                self.disarm()
                self.deadline = self.loop.schedule(after: Self.closeDeadline) { [weak self] in
                    self?.perform(.closeDeadline)
                }
            case .finishSocket:
                self.socket?.finish()
            case .abandonSocket:
                self.socket?.close()
            case .ended(let end):
                self.end(self.verdict ?? end)
            }
        }
    }

    /// The one way out.
    private func end(_ end: ConnectionEnd) {
        if case .ended = self.stage { return }
        self.stage = .ended
        self.disarm()
        self.events(.ended(end))
    }

    /// The same, but never within the caller's call.
    private func endSoon(_ end: ConnectionEnd) {
        let confined = LoopConfined(self)
        self.loop.execute { confined.object?.end(end) }
    }
}

extension WebSocketConnection: Socket.Owner {
    func socketReached(_ phase: Socket.Phase) {
        if self.verdict != nil {
            // A close that met the connection's success was lost (B 5).
            let confined = LoopConfined(self)
            return self.loop.execute { confined.object?.socket?.close() }
        }
        switch phase {
        case .tls: self.arm(self.target.endpoint.secure ? .tls : .upgrade)
        case .response: self.arm(.upgrade)
        }
    }

    func socketResponded(status: Int) -> Bool {
        guard let upgrade = self.upgrade, self.verdict == nil else { return false }
        do throws(FreshetError) {
            let subprotocol = try upgrade.check(status: status) { self.socket?.header($0) }
            self.disarm()
            self.stage = .open
            self.events(.opened(subprotocol: subprotocol))
            return true
        } catch {
            self.verdict = .failure(error, retryAfter: self.retryAfter)
            return false
        }
    }

    /// The server's wish in seconds (RFC 9110 10.2.3), as far as an hour; a date is not understood.
    private var retryAfter: Duration? {
        guard let text = self.socket?.header("retry-after"), let seconds = Int64(text), seconds >= 0 else { return nil }
        return .seconds(min(seconds, 3600))
    }

    func socketReceived(_ bytes: ByteSlice) {
        self.perform(.received(bytes))
    }

    func socketEnded(_ end: SocketEnd) {
        switch self.stage {
        case .connecting(let addresses):
            if end.kind == .connect || self.addressTimedOut, addresses.count > 1, self.verdict == nil {
                self.addressTimedOut = false
                return self.connect(to: Array(addresses.dropFirst()))
            }
            let error = end.error(for: self.target.endpoint, address: addresses.first ?? "")
            self.end(self.verdict ?? .failure(error))
        case .open:
            self.perform(.socketEnded(end.error(for: self.target.endpoint, address: "")))
        case .resolving, .ended:
            break
        }
    }
}

extension FreshetError.Phase {
    fileprivate var words: String {
        switch self {
        case .resolve: "finding"
        case .connect: "reaching"
        case .tls: "the TLS handshake with"
        case .upgrade: "the answer to the upgrade request from"
        case .acknowledge: "the acknowledgement from"
        case .keepAlive: "the pong from"
        }
    }
}
