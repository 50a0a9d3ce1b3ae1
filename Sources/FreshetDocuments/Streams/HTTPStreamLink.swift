// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// Streams over HTTP that live and end together, as the subscriptions of one WebSocket do: when one breaks, so has the
/// connection.
// Proof for @unchecked: `streams` and `isOver` are touched on the loop's thread only: the manager calls there, and tasks come
// back by `loop.execute`. Everything else does not change.
final class HTTPStreamLink: WebSocketLink, @unchecked Sendable {
    private let steps: @Sendable (WebSocketMessage) -> HTTPStreamTransport.Step
    private let exchange: HTTPStreamTransport.Exchange
    private let loop: EventLoop
    private let events: @Sendable (WebSocketEvent) -> Void
    private let gate = ReadingGate()
    private var streams: [Int64: (number: UInt64, task: Task<Void, Never>)] = [:]
    private var lastStream: UInt64 = 0
    private var isOver = false

    init(
        steps: @escaping @Sendable (WebSocketMessage) -> HTTPStreamTransport.Step,
        exchange: @escaping HTTPStreamTransport.Exchange,
        loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) {
        self.steps = steps
        self.exchange = exchange
        self.loop = loop
        self.events = events
    }

    /// There is nothing to connect before the first request.
    func start() {
        self.loop.execute { [self] in
            if !self.isOver { self.events(.opened(subprotocol: HTTPStreamTransport.subprotocol)) }
        }
    }

    // MARK: - WebSocketLink

    func send(_ message: WebSocketMessage) {
        guard !self.isOver else { return }
        switch self.steps(message) {
        case .begin(let id, let mayEnd): self.begin(id, message, mayEnd: mayEnd)
        case .end(let id): self.streams.removeValue(forKey: id)?.task.cancel()
        // Numbers of streams are not negative.
        case .once: self.begin(-1 - Int64(self.lastStream), message, mayEnd: true)
        case .nothing: break
        }
    }

    func pauseReading() { self.gate.close() }
    func resumeReading() { self.gate.open() }

    /// No ping goes along with an answer: new requests are the only way to find out.
    func probe() {
        self.abandon(.failure(FreshetError(.interrupted, "the streams are begun anew, to find out whether they live")))
    }

    func close(_ frame: CloseFrame, as end: ConnectionEnd) { self.abandon(end) }

    func abandon(_ end: ConnectionEnd) {
        // Never within the caller's call.
        self.loop.execute { [self] in self.finish(end) }
    }

    // MARK: - Streams

    private func begin(_ id: Int64, _ message: WebSocketMessage, mayEnd: Bool = false) {
        self.streams.removeValue(forKey: id)?.task.cancel()
        self.lastStream += 1
        let number = self.lastStream
        let task = Task { [self] in
            let error: FreshetError?
            do throws(FreshetError) {
                try await self.exchange(message) { line in
                    guard line.count > 0, await self.gate.pass() else { return }
                    self.loop.execute { self.heard(line, id, number) }
                }
                error = mayEnd ? nil : FreshetError(.interrupted, "the server ended a stream over HTTP")
            } catch let failure {
                error = failure
            }
            self.loop.execute { self.ended(error, id, number) }
        }
        self.streams[id] = (number, task)
    }

    private func heard(_ line: Bytes, _ id: Int64, _ number: UInt64) {
        guard !self.isOver, self.streams[id]?.number == number else { return }
        self.events(.messages([MessageBatch(WebSocketMessage(.binary, line))]))
    }

    private func ended(_ error: FreshetError?, _ id: Int64, _ number: UInt64) {
        guard self.streams[id]?.number == number else { return }
        self.streams[id] = nil
        guard let error else { return }
        self.finish(.failure(Self.asRefusal(error), retryAfter: error.refusal?.retryAfter))
    }

    /// Who answers in HTTP that there is nothing to be had this way refuses this connection as he would an upgrade.
    private static func asRefusal(_ error: FreshetError) -> FreshetError {
        guard let refusal = error.refusal, error.kind != .unauthorized else { return error }
        return FreshetError(
            .upgradeRefused(status: refusal.status),
            error.message,
            hint: error.hint,
            refusal: refusal
        )
    }

    private func finish(_ end: ConnectionEnd) {
        guard !self.isOver else { return }
        self.isOver = true
        for stream in self.streams.values { stream.task.cancel() }
        self.streams = [:]
        self.gate.open()
        self.events(.ended(end))
    }
}
