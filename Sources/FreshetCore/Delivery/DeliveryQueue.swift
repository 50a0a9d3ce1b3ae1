// SPDX-License-Identifier: Apache-2.0

/// A `DeliveryBuffer` between the loop, which fills it, and one consumer, which empties it a batch at a time.
///
/// Everything travels through the lock; the continuation only says "look again" (design D7).
@usableFromInline
package final class DeliveryQueue<Element: DeliveryElement>: Sendable {
    @usableFromInline
    struct State: Sendable {
        @usableFromInline var buffer: DeliveryBuffer<Element>
        /// Most often one at most.
        // Unsafe, for a checked one allocates. Proof: only `wait` adds one, and whoever takes it out of here resumes it.
        @usableFromInline var consumers: [UnsafeContinuation<Void, Never>] = []

        @inlinable init(buffer: DeliveryBuffer<Element>) { self.buffer = buffer }
    }

    @usableFromInline let state: Locked<State>
    /// Called from the consumer, when there is room again after `append` said that there is none.
    @usableFromInline let resumeReading: @Sendable () -> Void
    /// Called from wherever the consumer left, perhaps more than once.
    @usableFromInline let consumerLeft: @Sendable () -> Void

    @inlinable package init(
        _ buffer: DeliveryBuffer<Element> = DeliveryBuffer(),
        resumeReading: @escaping @Sendable () -> Void,
        consumerLeft: @escaping @Sendable () -> Void
    ) {
        self.state = Locked(State(buffer: buffer))
        self.resumeReading = resumeReading
        self.consumerLeft = consumerLeft
    }

    /// How many elements wait.
    @inlinable package var count: Int { self.state.withLock { $0.buffer.count } }

    /// How many elements and bytes wait, and how many were ever dropped.
    package var depth: DeliveryDepth {
        self.state.withLock { state in
            DeliveryDepth(
                elements: state.buffer.count,
                bytes: state.buffer.byteCount,
                dropped: state.buffer.droppedInAll,
                oldest: state.buffer.isWaitedFor ? nil : state.buffer.oldest
            )
        }
    }

    /// Whether it has ended, or its consumer has left.
    package var isOver: Bool { self.state.withLock { $0.buffer.end != nil } }

    // MARK: - The loop's side

    /// Appends a batch.
    @inlinable package func append(
        _ elements: [Element],
        bytes: Int,
        at now: Duration? = nil
    ) -> DeliveryBuffer<Element>.Appended {
        self.change { $0.append(elements, bytes: bytes, at: now) }
    }

    /// Appends an element, or merges it into the last one that waits.
    @inlinable package func appendMerging(
        _ element: Element,
        at now: Duration? = nil
    ) -> DeliveryBuffer<Element>.Appended {
        self.change { $0.appendMerging(element, at: now) }
    }

    @inlinable package func finish(_ end: DeliveryBuffer<Element>.End) {
        self.change { $0.finish(end) }
    }

    @inlinable func change<Result: Sendable>(_ change: (inout DeliveryBuffer<Element>) -> Result) -> Result {
        let (result, consumers) = self.state.withLock { state in
            defer { state.consumers = [] }
            return (change(&state.buffer), state.consumers)
        }
        for consumer in consumers { consumer.resume() }
        return result
    }

    // MARK: - The consumer's side

    /// The next batch, nil at the end; suspends while there is nothing. Cancelling the task ends the feed.
    @inlinable package func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> [Element]? {
        while true {
            if Task.isCancelled {
                self.leave()
                return nil
            }
            switch self.state.withLock({ $0.buffer.take() }) {
            case .batch(let batch, let resume):
                if resume { self.resumeReading() }
                return batch
            case .end(.finished):
                return nil
            case .end(.failed(let error)):
                throw error
            case .empty:
                await self.wait(isolation: isolation)
            }
        }
    }

    @inlinable func wait(isolation: isolated (any Actor)?) async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation(isolation: isolation) { continuation in
                let mustWait = self.state.withLock { state in
                    guard state.buffer.isWaitedFor else { return false }
                    state.consumers.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            self.leave()
        }
    }

    /// The consumer is gone: nothing is kept for it, and the subscription ends. Any number of times, from anywhere.
    @inlinable package func leave() {
        let wasFull = self.change { $0.discard() }
        if wasFull { self.resumeReading() }
        self.consumerLeft()
    }
}
