// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A `DeliveryBuffer` between the loop, which fills it, and one consumer, which empties it a batch at a time.
///
/// Everything travels through the lock; the continuation only says "look again" (design D7).
package final class FeedBuffer: Sendable {
    private struct State: Sendable {
        var buffer: DeliveryBuffer<FeedItem>
        var consumer: CheckedContinuation<Void, Never>?
    }

    private let state: Locked<State>
    /// Called from the consumer, when there is room again after `append` said that there is none.
    private let resumeReading: @Sendable () -> Void
    /// Called from wherever the consumer left, perhaps more than once.
    private let consumerLeft: @Sendable () -> Void

    package init(
        buffer: DeliveryBuffer<FeedItem> = DeliveryBuffer(),
        resumeReading: @escaping @Sendable () -> Void,
        consumerLeft: @escaping @Sendable () -> Void
    ) {
        self.state = Locked(State(buffer: buffer))
        self.resumeReading = resumeReading
        self.consumerLeft = consumerLeft
    }

    /// How many elements wait.
    package var count: Int { self.state.withLock { $0.buffer.count } }

    // MARK: - The loop's side

    /// Appends a batch; true when the socket is not to be read for now.
    package func append(_ items: [FeedItem], bytes: Int) -> Bool {
        let (isFull, consumer) = self.state.withLock { state in
            (state.buffer.append(items, bytes: bytes), state.consumer.take())
        }
        consumer?.resume()
        return isFull
    }

    /// Appends a gap; gaps with nothing between them are one, however often the connection breaks meanwhile.
    package func append(_ gap: Gap) -> Bool {
        let (isFull, consumer) = self.state.withLock { state in
            let merged = state.buffer.mergeIntoLast { last in
                guard case .gap(let earlier) = last else { return nil }
                return .gap(Gap(cause: gap.cause, reason: gap.reason, outage: earlier.outage + gap.outage))
            }
            return (state.buffer.append(merged ? [] : [.gap(gap)], bytes: 0), state.consumer.take())
        }
        consumer?.resume()
        return isFull
    }

    package func finish(_ end: DeliveryBuffer<FeedItem>.End) {
        let consumer = self.state.withLock { state in
            state.buffer.finish(end)
            return state.consumer.take()
        }
        consumer?.resume()
    }

    // MARK: - The consumer's side

    /// The next batch, nil at the end; suspends while there is nothing. Cancelling the task ends the feed.
    package func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> [FeedItem]? {
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

    private func wait(isolation: isolated (any Actor)?) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: isolation) { continuation in
                let mustWait = self.state.withLock { state in
                    guard state.buffer.isWaitedFor else { return false }
                    state.consumer = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            self.leave()
        }
    }

    /// The consumer is gone: nothing is kept for it, and the subscription ends. Any number of times, from anywhere.
    package func leave() {
        let (wasFull, consumer) = self.state.withLock { state in (state.buffer.discard(), state.consumer.take()) }
        consumer?.resume()
        if wasFull { self.resumeReading() }
        self.consumerLeft()
    }
}
