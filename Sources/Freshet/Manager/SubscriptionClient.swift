// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport
public import Logging

/// Feeds from one server, over one WebSocket, for a ``FeedSource`` of any kind.
///
/// ```swift
/// let client = try SubscriptionClient(source: LineSource(), url: "wss://lines.example.com")
/// for try await event in client.subscribe(to: "weather") { print(event.value?.text ?? "something may be missing") }
/// ```
///
/// Adapters such as `GraphQLClient` are made of it. It can be used from any thread; its ``SubscriptionManager`` lives on the
/// loop's.
public struct SubscriptionClient<Source: FeedSource>: Sendable {
    // A type of its own, because a method of the generic actor would read the actor's metadata on the caller's thread, and
    // ThreadSanitizer takes that for a race with the actor's own accesses. Everything goes through `loop.execute`, which
    // keeps its order.

    private let manager: SubscriptionManager<Source>
    private let loop: EventLoop
    private let time: TimeSource
    private let lastConsumer = Locked<UInt64>(0)

    /// Makes a client; nothing is connected before the first feed is iterated, unless the policy is eager.
    ///
    /// - Parameters:
    ///   - source: how the server speaks.
    ///   - url: `ws:`, `wss:`, or `ws+unix:`.
    ///   - configuration: headers, TLS, proxy, limits and pings of the WebSocket.
    ///   - policy: when to connect, when to try again.
    ///   - credentials: asked before each attempt.
    ///   - loop: where to run.
    ///   - logger: told about connections and what a server does wrong without harm; never about payloads or secrets.
    /// - Throws: `.invalidInput` when the URL cannot work.
    public init(
        source: Source,
        url: String,
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        policy: ConnectionPolicy = ConnectionPolicy(),
        credentials: CredentialProvider? = nil,
        loop: EventLoop = .shared,
        logger: Logger = Logger(label: "freshet")
    ) throws(FreshetError) {
        self.init(
            source: source,
            target: WebSocketTarget(endpoint: try Endpoint(url), configuration: configuration),
            policy: policy,
            credentials: credentials,
            loop: loop,
            logger: logger
        )
    }

    package init(
        source: Source,
        target: WebSocketTarget,
        policy: ConnectionPolicy,
        credentials: CredentialProvider? = nil,
        loop: EventLoop,
        transport: any WebSocketTransport = LWSTransport(),
        time: TimeSource = TimeSource(),
        logger: Logger
    ) {
        self.loop = loop
        self.time = time
        self.manager = SubscriptionManager(
            source: source,
            target: target,
            policy: policy,
            provider: credentials,
            loop: loop,
            transport: transport,
            time: time,
            logger: logger
        )
        if policy.eager { self.onLoop { $0.start() } }
    }

    /// Subscribes, and hands out the elements as they came.
    ///
    /// Subscribed with the first pull; leaving the loop, or cancelling its task, unsubscribes. After a drop the feed goes on
    /// with a gap, or from its position if the source has positions and `resumes` is true.
    ///
    /// - Parameters:
    ///   - request: what to ask for.
    ///   - resumes: whether to go on from the last element's position after a drop.
    ///   - overlap: how many elements before that to ask for again; those that come twice are recognised by their keys.
    ///   - position: where to begin, as an earlier feed told it.
    ///   - delivery: what happens when the consumer is slow.
    ///   - isShared: whether equal requests are one subscription on the server. Those who join later get the last element.
    /// - Returns: a feed of what the server sends.
    public func subscribe(
        to request: Source.Request,
        resumes: Bool = false,
        overlap: Int = 0,
        from position: Position? = nil,
        delivery: DeliveryPolicy = .suspending,
        isShared: Bool = true
    ) -> Feed<FeedEvent<Bytes>> {
        let recovery: Recovery = resumes || position != nil ? .position(overlap: overlap) : .none
        let opening = SubscriptionEngine<Source>.Opening(
            request,
            recovery: recovery,
            from: position,
            isShared: isShared
        )
        return Feed(
            open: { self.open(opening, delivery: delivery) },
            decode: { item throws(FreshetError) in try Self.event(item) }
        )
    }

    static func event(_ item: FeedItem) throws(FreshetError) -> FeedEvent<Bytes> {
        switch item {
        case .update(let bytes): .update(bytes)
        case .snapshot(let bytes): .snapshot(bytes)
        case .gap(let gap): .gap(gap)
        case .rest(let item): try Self.event(item)
        case .value: throw FreshetError(.decoding, "a snapshot of another type")
        // Nobody has asked for them here.
        case .bookmark: throw FreshetError(.decoding, "a bookmark")
        }
    }

    /// Opens a subscription; its consumer ends it with `leave()`. Keeps the manager alive as long.
    package func open(
        _ opening: SubscriptionEngine<Source>.Opening,
        delivery: DeliveryPolicy = .suspending,
        fetch: SnapshotFetch? = nil
    ) -> FeedBuffer {
        let id = self.lastConsumer.withLock { last in
            last += 1
            return last
        }
        let buffer = FeedBuffer(
            DeliveryBuffer(delivery),
            resumeReading: { self.onLoop { $0.drained(id) } },
            consumerLeft: { self.onLoop { $0.leave(id) } }
        )
        self.onLoop { $0.add(id, opening, buffer, fetch) }
        return buffer
    }

    /// The connection's states from now on, beginning with the present one; a slow reader misses the oldest.
    public var states: AsyncStream<ConnectionState> {
        let (stream, continuation) = AsyncStream<ConnectionState>.makeStream(bufferingPolicy: .bufferingNewest(64))
        self.onLoop { $0.observe(continuation) }
        return stream
    }

    /// How the client is: now, and again after each interval.
    ///
    /// - Parameter interval: how often.
    /// - Returns: a sequence that ends when its task is cancelled.
    public func health(every interval: Duration = .seconds(1)) -> AsyncStream<ConnectionHealth> {
        let isFirst = Locked(true)
        return AsyncStream { [manager, time] in
            let now = isFirst.withLock { first in
                defer { first = false }
                return first
            }
            if !now, (try? await time.sleep(interval)) == nil { return nil }
            return await manager.health
        }
    }

    /// Tells what the app, or its system, knows of the network or of itself.
    ///
    /// - Parameter hint: what happened.
    public func hint(_ hint: ConnectionHint) {
        self.onLoop { $0.take(hint) }
    }

    /// Ends every feed with `.clientClosed`, says goodbye to the server, and returns when the connection is gone: after 1 s at
    /// most. It never connects again.
    public func close() async {
        await self.manager.close()
    }

    private func onLoop(_ body: @escaping @Sendable (isolated SubscriptionManager<Source>) -> Void) {
        let manager = self.manager
        self.loop.execute { manager.assumeIsolated(body) }
    }
}
