// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport

/// One connection of a ``ScriptedTransport``: a test is its server, and sees what the client does, deed by deed.
public final class ScriptedLink: WebSocketLink, Sendable {
    /// What the client did with the connection.
    public enum Deed: Sendable, Equatable {
        /// It sent this text.
        case sent(String)
        /// It stopped reading, or went on.
        case pause, resume
        /// It asked, by a ping of the WebSocket, whether anybody is there.
        case probe
        /// It closed with a close frame.
        case close(code: UInt16)
        /// It cut the connection.
        case abandon
        /// The test was cancelled while it waited, as at its time limit.
        case nothing
    }

    private struct State: Sendable {
        var deeds: [Deed] = []
        var read = 0
        var waiter: CheckedContinuation<Void, Never>?
        var ended = false
        var answersClose = true
        var closeFrame: CloseFrame?
    }

    package let target: WebSocketTarget
    private let loop: EventLoop
    private let events: @Sendable (WebSocketEvent) -> Void
    private let state = Locked(State())

    init(target: WebSocketTarget, loop: EventLoop, events: @escaping @Sendable (WebSocketEvent) -> Void) {
        self.target = target
        self.loop = loop
        self.events = events
    }

    // MARK: - The test's side

    /// The WebSocket is open.
    ///
    /// - Parameter subprotocol: what the server chose.
    public func open(subprotocol: String? = "graphql-transport-ws") {
        self.tell(.opened(subprotocol: subprotocol))
    }

    /// One read that brings all of `texts`.
    ///
    /// - Parameter texts: the messages.
    public func receive(_ texts: String...) {
        self.receive(texts)
    }

    /// One read that brings all of `texts`.
    ///
    /// - Parameter texts: the messages.
    public func receive(_ texts: [String]) {
        self.tell(.messages([MessageBatch(texts: texts)]))
    }

    /// The server answered a ping of the WebSocket.
    ///
    /// - Parameter time: after so long.
    public func answerPing(after time: Duration) {
        self.tell(.roundTrip(time))
    }

    /// From now on a close frame is not answered: only `end` ends the connection.
    public func ignoreClose() {
        self.state.withLock { $0.answersClose = false }
    }

    /// The frame with which the client closed.
    package var closeFrame: CloseFrame? { self.state.withLock { $0.closeFrame } }

    /// The server closes the connection with a close frame.
    ///
    /// - Parameters:
    ///   - code: its code.
    ///   - reason: its reason.
    public func close(code: UInt16, reason: String = "") {
        self.end(.closeFrame(code: code, reason: reason))
    }

    /// The connection breaks, or never comes about.
    ///
    /// - Parameter error: why.
    public func fail(_ error: FreshetError = FreshetError(.closed(code: 1006), "the connection broke")) {
        self.end(.failure(error))
    }

    package func end(_ end: ConnectionEnd) {
        let first = self.state.withLock { state in
            defer { state.ended = true }
            return !state.ended
        }
        if first { self.tell(.ended(end)) }
    }

    /// The next thing that the client did and that was not asked for yet, in order.
    ///
    /// - Returns: what it did; suspends until there is something.
    public func nextDeed() async -> Deed {
        while true {
            if let deed = self.takeDeed() { return deed }
            if Task.isCancelled { return .nothing }
            await self.wait()
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = self.state.withLock { state in
                    if state.read < state.deeds.count || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { $0.waiter.take() }
            waiter?.resume()
        }
    }

    /// All that the client did so far.
    public var deeds: [Deed] { self.state.withLock { $0.deeds } }

    private func takeDeed() -> Deed? {
        self.state.withLock { state in
            guard state.read < state.deeds.count else { return nil }
            defer { state.read += 1 }
            return state.deeds[state.read]
        }
    }

    private func tell(_ event: WebSocketEvent) {
        self.loop.execute { self.events(event) }
    }

    private func note(_ deed: Deed) {
        let waiter = self.state.withLock { state in
            state.deeds.append(deed)
            return state.waiter.take()
        }
        waiter?.resume()
    }

    // MARK: - The client's side

    package func send(_ message: WebSocketMessage) { self.note(.sent(message.payload.text)) }
    package func pauseReading() { self.note(.pause) }
    package func resumeReading() { self.note(.resume) }
    package func probe() { self.note(.probe) }

    package func close(_ frame: CloseFrame, as end: ConnectionEnd) {
        let answers = self.state.withLock { state in
            state.closeFrame = frame
            return state.answersClose
        }
        self.note(.close(code: frame.code))
        if answers { self.end(end) }
    }

    package func abandon(_ end: ConnectionEnd) {
        self.note(.abandon)
        self.end(end)
    }
}
