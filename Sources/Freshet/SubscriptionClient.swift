// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetTransport
package import Logging

/// The way to a `SubscriptionManager` from any thread: everything goes through `loop.execute`, which keeps its order.
///
/// A type of its own, because a method of the generic actor would read the actor's metadata on the caller's thread, and
/// ThreadSanitizer takes that for a race with the actor's own accesses.
package struct SubscriptionClient<Source: FeedSource>: Sendable {
    private let manager: SubscriptionManager<Source>
    private let loop: EventLoop

    package init(
        source: Source,
        target: WebSocketTarget,
        policy: ConnectionMachine.Policy,
        loop: EventLoop,
        transport: any WebSocketTransport = LWSTransport(),
        time: TimeSource = TimeSource(),
        logger: Logger
    ) {
        self.loop = loop
        self.manager = SubscriptionManager(
            source: source,
            target: target,
            policy: policy,
            loop: loop,
            transport: transport,
            time: time,
            logger: logger
        )
    }

    /// Opens a subscription; its consumer ends it with `leave()`. Keeps the manager alive as long.
    package func subscribe(to request: Source.Request) -> FeedBuffer {
        let id = Locked<SubscriptionTable.ID?>(nil)
        let buffer = FeedBuffer(
            resumeReading: {
                self.onLoop { manager in
                    if let id = id.withLock({ $0 }) { manager.drained(id) }
                }
            },
            consumerLeft: {
                self.onLoop { manager in
                    if let id = id.withLock({ $0.take() }) { manager.cancel(id) }
                }
            }
        )
        self.onLoop { manager in
            let added = manager.add(request, buffer)
            id.withLock { $0 = added }
        }
        return buffer
    }

    /// The connection's states from now on, beginning with the present one; a slow reader misses the oldest.
    package var states: AsyncStream<ConnectionState> {
        let (stream, continuation) = AsyncStream<ConnectionState>.makeStream(bufferingPolicy: .bufferingNewest(64))
        self.onLoop { $0.observe(continuation) }
        return stream
    }

    /// Ends every feed, says goodbye to the server, and returns when the connection is gone (1 s at most).
    package func close() async {
        await self.manager.close()
    }

    private func onLoop(_ body: @escaping @Sendable (isolated SubscriptionManager<Source>) -> Void) {
        let manager = self.manager
        self.loop.execute { manager.assumeIsolated(body) }
    }
}
