// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTransport

/// One watch as a chunked answer of HTTP, one event a line. What it tells comes on the loop's thread.
final class KubernetesStream: Sendable {
    enum Event: Sendable {
        case opened
        case line(Bytes)
        /// The last word; nil: the answer was complete.
        case ended(FreshetError?)
    }

    /// Sends the request.
    typealias Opening = @Sendable () async throws(FreshetError) -> HTTPReply

    private struct State: Sendable {
        var isPaused = false
        var isCancelled = false
        var waiter: CheckedContinuation<Void, Never>?
        var task: Task<Void, Never>?
    }

    private let state = Locked(State())
    private let loop: EventLoop

    init(on loop: EventLoop) {
        self.loop = loop
    }

    func start(
        _ open: @escaping Opening,
        lineLimit: Int,
        events: @escaping @Sendable (Event) -> Void
    ) {
        let task = Task {
            do throws(FreshetError) {
                let reply = try await open()
                await self.tell(.opened, events)
                for try await line in reply.body.lines(upTo: lineLimit) where line.count > 0 {
                    await self.mayGoOn()
                    guard !self.isCancelled else { break }
                    await self.tell(.line(line), events)
                }
                await self.tell(.ended(nil), events)
            } catch {
                await self.tell(.ended(error), events)
            }
        }
        let isCancelled = self.state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    private var isCancelled: Bool { self.state.withLock { $0.isCancelled } }

    /// Returns when the loop has taken it: never more than one event is on its way.
    private func tell(_ event: Event, _ events: @escaping @Sendable (Event) -> Void) async {
        await withCheckedContinuation { continuation in
            self.loop.execute {
                events(event)
                continuation.resume()
            }
        }
    }

    private func mayGoOn() async {
        await withCheckedContinuation { continuation in
            let mustWait = self.state.withLock { state in
                guard state.isPaused, !state.isCancelled else { return false }
                state.waiter = continuation
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }

    func pause() { self.state.withLock { $0.isPaused = true } }

    func resume() { self.change { $0.isPaused = false } }

    /// `ended` still follows.
    func cancel() {
        self.change { $0.isCancelled = true }
        self.state.withLock { $0.task }?.cancel()
    }

    private func change(_ change: (inout State) -> Void) {
        let waiter = self.state.withLock { state in
            change(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
