// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The sending half of a connection: messages become frames on whatever thread sends them, and the loop takes them from here.
///
/// One lock orders the messages, another one guards the queue, so that the loop never waits for a message that is being
/// compressed.
final class Outbox: Sendable {
    /// What a message becomes.
    private struct Encoder: Sendable {
        var deflater: Deflater?
        var minimumSize = 0
        var masks = MaskSource()
    }

    private struct State: Sendable {
        var queue = OutputQueue()
        /// Whether the loop will look without being told.
        var flushComes = false
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
        var end: FreshetError?
    }

    enum Offered {
        case accepted, full
        case closed(FreshetError)
    }

    /// Senders wait while more bytes than this wait.
    private let limit: Int
    private let encoder = Locked(Encoder())
    private let state = Locked(State())
    /// Called from any thread when there is something to send, and the loop does not know it.
    private let wake: @Sendable () -> Void

    init(limit: Int, wake: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.wake = wake
    }

    /// What was agreed on in the upgrade.
    func compress(with deflater: Deflater?, from minimumSize: Int) {
        self.encoder.withLock { encoder in
            encoder.deflater = deflater
            encoder.minimumSize = minimumSize
        }
    }

    // MARK: - Sending, from any thread

    /// Sends a message, and suspends before it while the queue is full. Cancelled while it waits, it is not sent.
    func send(
        _ kind: WebSocketMessage.Kind,
        _ payload: [UInt8],
        isolation: isolated (any Actor)?
    ) async throws(FreshetError) {
        while true {
            // From where it lies: a copy of a large message would cost as much as sending it.
            switch unsafe payload.withUnsafeBytes({ unsafe self.offer(kind, $0, evenIfFull: false) }) {
            case .accepted: return
            case .closed(let error): throw error
            case .full: try await self.waitForRoom(isolation: isolation)
            }
        }
    }

    /// Takes a message however full the queue is.
    func send(_ message: WebSocketMessage) {
        _ = unsafe message.payload.withBytes { unsafe self.offer(message.kind, $0, evenIfFull: true) }
    }

    /// Takes a message unless the queue is full, which `evenIfFull` overrules.
    private func offer(
        _ kind: WebSocketMessage.Kind,
        _ payload: UnsafeRawBufferPointer,
        evenIfFull: Bool
    ) -> Offered {
        self.encoder.withLock { encoder in
            let refusal: Offered? = self.state.withLock { state in
                if let end = state.end { return .closed(end) }
                guard state.queue.isOpen else { return .closed(Self.closing) }
                return state.queue.dataBytes >= self.limit && !evenIfFull ? .full : nil
            }
            if let refusal { return refusal }
            unsafe self.encode(kind, payload, &encoder)
            return .accepted
        }
    }

    private func encode(_ kind: WebSocketMessage.Kind, _ payload: UnsafeRawBufferPointer, _ encoder: inout Encoder) {
        let opcode: Opcode = kind == .text ? .text : .binary
        if payload.count >= encoder.minimumSize, let deflater = encoder.deflater,
            let compressed = deflater.deflate(Bytes(unsafe Chunk(copying: payload)))
        {
            unsafe compressed.withUnsafeBytes { unsafe self.fragment(opcode, compressed: true, $0, &encoder) }
        } else {
            unsafe self.fragment(opcode, compressed: false, payload, &encoder)
        }
    }

    /// A large message goes out in fragments of a block each, so that control frames can overtake it.
    private func fragment(
        _ opcode: Opcode,
        compressed: Bool,
        _ payload: UnsafeRawBufferPointer,
        _ encoder: inout Encoder
    ) {
        let most = OutputQueue.blockSize - FrameWriter.headerLimit
        var start = 0
        repeat {
            let end = min(start + most, payload.count)
            let piece = unsafe UnsafeRawBufferPointer(rebasing: payload[start..<end])
            let mask = encoder.masks.next()
            let mustWake = self.state.withLock { state in
                state.queue.appendData(ofAbout: piece.count + FrameWriter.headerLimit) { block in
                    unsafe FrameWriter.append(
                        start == 0 ? opcode : .continuation,
                        final: end == payload.count,
                        compressed: compressed && start == 0,
                        piece,
                        mask: mask,
                        to: &block
                    )
                }
                defer { state.flushComes = true }
                return !state.flushComes
            }
            if mustWake { self.wake() }
            start = end
        } while start < payload.count
    }

    private func waitForRoom(isolation: isolated (any Actor)?) async throws(FreshetError) {
        let id = self.state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: isolation) { continuation in
                let mustWait = self.state.withLock { state in
                    guard state.end == nil, state.queue.isOpen, state.queue.dataBytes >= self.limit, !Task.isCancelled
                    else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
        if Task.isCancelled {
            throw FreshetError(.cancelled, "the task was cancelled while it waited to send; the message was not sent")
        }
    }

    // MARK: - The loop's side

    func sendPong(_ frame: [UInt8]) { self.change { $0.appendPong(frame) } }
    func sendPing(_ frame: [UInt8]) { self.change { $0.appendPing(frame) } }

    /// The last frame: nothing is accepted after it.
    func sendClose(_ frame: [UInt8], droppingData: Bool) {
        self.change { $0.close(frame, droppingData: droppingData) }
        self.resumeWaiters()
    }

    private func change(_ change: (inout OutputQueue) -> Void) {
        let mustWake = self.state.withLock { state in
            change(&state.queue)
            defer { state.flushComes = true }
            return !state.flushComes
        }
        if mustWake { self.wake() }
    }

    /// The next bytes for the socket; after nil, the loop is woken when there are some.
    func next() -> [UInt8]? {
        let (block, hasRoom) = self.state.withLock { state in
            let block = state.queue.next()
            state.flushComes = block != nil
            return (block, !state.waiters.isEmpty && state.queue.dataBytes <= self.limit / 2)
        }
        if hasRoom { self.resumeWaiters() }
        return block
    }

    /// Bytes that wait.
    var waiting: Int { self.state.withLock { $0.queue.dataBytes } }

    /// The connection is over, for this reason.
    func finish(_ error: FreshetError) {
        self.state.withLock { state in
            state.queue.abandon()
            state.end = state.end ?? error
        }
        self.resumeWaiters()
    }

    private func resumeWaiters() {
        let waiters = self.state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    private static let closing = FreshetError(.clientClosed, "the WebSocket is closing")
}
