// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The way from any thread to a connection that lives on its loop.
// Proof for @unchecked: `connection` is touched on the loop's thread only.
final class WebSocketHandle: @unchecked Sendable {
    let inbox: DeliveryQueue<MessageBatch>
    let outbox: Outbox
    private let loop: EventLoop
    private let connection: WebSocketConnection
    private let opening: Locked<Opening>

    private struct Opening: Sendable {
        enum Outcome: Sendable {
            case opened(String?)
            case failed(FreshetError)
        }
        var outcome: Outcome?
        var ended = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ target: WebSocketTarget, on loop: EventLoop) {
        let opening = Locked(Opening())
        let confined = WeakConfined<WebSocketConnection>()
        let inbox = DeliveryQueue<MessageBatch>(
            DeliveryBuffer(DeliveryPolicy(.suspending, elements: .max)),
            resumeReading: { loop.execute { confined.object?.resumeReading() } },
            consumerLeft: { loop.execute { confined.object?.abandon(.ours) } }
        )
        let connection = WebSocketConnection(target, on: loop) { event in
            switch event {
            case .opened(let subprotocol):
                Self.tell(opening) { $0.outcome = .opened(subprotocol) }
            case .messages(let batches):
                let bytes = batches.reduce(0) { $0 + $1.byteCount }
                if inbox.append(batches, bytes: bytes) == .full { confined.object?.pauseReading() }
            case .roundTrip:
                break
            case .ended(let end):
                inbox.finish(Self.isOrderly(end) ? .finished : .failed(end.error))
                Self.tell(opening) { state in
                    state.outcome = state.outcome ?? .failed(end.error)
                    state.ended = true
                }
            }
        }
        confined.object = connection
        self.loop = loop
        self.inbox = inbox
        self.outbox = connection.outbox
        self.connection = connection
        self.opening = opening
    }

    private static func isOrderly(_ end: ConnectionEnd) -> Bool {
        switch end {
        case .closeFrame(let code, _): code == 1000 || code == 1001
        case .ours: true
        case .failure: false
        }
    }

    private static func tell(_ opening: Locked<Opening>, _ change: (inout Opening) -> Void) {
        let waiters = opening.withLock { state in
            change(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Connects; returns the subprotocol.
    func open() async throws(FreshetError) -> String? {
        self.loop.execute { self.connection.start() }
        await withTaskCancellationHandler {
            await self.wait { $0.outcome != nil }
        } onCancel: {
            self.abandon(FreshetError(.cancelled, "the task was cancelled while it connected"))
        }
        switch self.opening.withLock({ $0.outcome }) {
        case .opened(let subprotocol): return subprotocol
        case .failed(let error): throw error
        case nil: throw FreshetError(.cancelled, "the task was cancelled while it connected")
        }
    }

    func close(_ frame: CloseFrame) async {
        self.loop.execute { self.connection.close(frame, as: .ours) }
        await self.wait { $0.ended }
    }

    func abandon(_ error: FreshetError? = nil) {
        let end: ConnectionEnd = error.map { .failure($0) } ?? .ours
        self.loop.execute { [connection = LoopConfined(self.connection)] in connection.object?.abandon(end) }
    }

    private func wait(until isTrue: @escaping @Sendable (Opening) -> Bool) async {
        while true {
            let done = self.opening.withLock { isTrue($0) }
            if done { return }
            await withCheckedContinuation { continuation in
                let mustWait = self.opening.withLock { state in
                    if isTrue(state) { return false }
                    state.waiters.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }
}
