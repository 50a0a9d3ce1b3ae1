// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTransport
import Logging

/// The watches of one client: one stream for all of them.
struct FirestoreWatches: Sendable {
    let subscriptions: SubscriptionClient<FirestoreSource>
    let online = FirestoreOnline()

    /// The streams' own connections: servers may end them after any answer without a word (the emulator does), and a write that was just
    /// sent on one would be one of which nobody knows. The streams themselves can ask again.
    private static let pool = HTTPPool(connectionsPerOrigin: 1024)

    init(
        _ configuration: FirestoreConfiguration,
        database: String,
        transport: (any HTTPTransport)?,
        time: TimeSource
    ) throws(FreshetError) {
        let (configuration, server) = configuration.resolved()
        var http = configuration.http
        // The stream's answers belong to one connection, and are told apart by that.
        http.allowsHTTP2 = false
        // Whoever has given a pool has it for all.
        if http.pool === HTTPPool.shared { http.pool = Self.pool }
        let lease = Locked(FirestoreLease())
        let channel = WebChannelTransport(
            client: HTTPClient(
                baseURL: server,
                configuration: http,
                middlewares: configuration.middlewares,
                transport: transport
            ),
            database: database,
            pace: configuration.pace,
            lease: lease,
            online: self.online,
            time: time
        )
        self.subscriptions = SubscriptionClient(
            source: FirestoreSource(),
            target: WebSocketTarget(endpoint: try Endpoint(server)),
            policy: configuration.policy,
            credentials: configuration.credentials.map { Self.withoutRotation($0, lease) },
            loop: configuration.loop,
            transport: channel,
            time: time,
            logger: configuration.logger
        )
    }

    /// A stream whose credentials end is made anew by its channel: the server takes no two at once for one, and the tokens let the
    /// next one go on.
    private static func withoutRotation(
        _ provider: @escaping CredentialProvider,
        _ lease: Locked<FirestoreLease>
    ) -> CredentialProvider {
        { reason in
            let isEnding = lease.withLock { $0.isEnding }
            var credentials = try await provider(isEnding && reason == .connecting ? .expiring : reason)
            lease.withLock { $0 = FirestoreLease(lifetime: credentials.lifetime) }
            credentials.lifetime = nil
            return credentials
        }
    }

    /// Opens a watch; each has a memory of its own.
    func open(
        _ content: FirestoreTarget.Content,
        delivery: DeliveryPolicy = .suspending,
        metadata: Bool = false
    ) -> FeedBuffer {
        let buffer = self.subscriptions.open(
            SubscriptionEngine<FirestoreSource>.Opening(
                FirestoreTarget(content, hearsMetadata: metadata),
                recovery: .position(overlap: 0),
                isShared: false
            ),
            delivery: delivery
        )
        if metadata { self.online.add(buffer) }
        return buffer
    }

    /// A buffer of nothing but why there is none.
    static func refused(_ error: FreshetError) -> FeedBuffer {
        let buffer = FeedBuffer(resumeReading: {}, consumerLeft: {})
        buffer.finish(.failed(error))
        return buffer
    }
}
