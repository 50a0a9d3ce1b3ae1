// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTransport

/// Carries a source's messages by a WebChannel over HTTP/1.1: two requests at a time, one of which does not end.
struct WebChannelTransport: WebSocketTransport {
    private let client: HTTPClient
    private let database: String
    private let pace: WebChannelPace
    private let time: TimeSource
    /// Whether answers were held back on the way the last time.
    private let isLongPolling = Locked(false)
    /// Of the credentials of the next connection.
    private let lease: Locked<FirestoreLease>
    private let online: FirestoreOnline

    /// Makes a transport.
    ///
    /// - Parameters:
    ///   - client: without credentials of its own.
    ///   - database: `projects/my-app/databases/(default)`.
    ///   - pace: how patient each channel is.
    ///   - lease: of the credentials that a connection is dialled with; is told when they end.
    ///   - online: is told whether attempts succeed.
    ///   - time: paces the channel.
    init(
        client: HTTPClient,
        database: String,
        pace: WebChannelPace,
        lease: Locked<FirestoreLease>,
        online: FirestoreOnline,
        time: TimeSource
    ) {
        self.client = client
        self.database = database
        self.pace = pace
        self.lease = lease
        self.online = online
        self.time = time
    }

    func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let headers = target.configuration.headers.filter { header in
            // What would be another line is none.
            !(header.name + header.value).unicodeScalars.contains { $0.value < 0x20 }
        }
        let channel = WebChannel(
            database: self.database,
            headers: headers.map { ($0.name, $0.value) },
            rid: Int(self.time.jitter() * 100_000),
            isLongPolling: self.isLongPolling.withLock { $0 },
            pace: self.pace
        )
        let link = WebChannelLink(
            channel,
            client: self.client,
            loop: loop,
            time: self.time,
            foundBuffering: { [isLongPolling] in isLongPolling.withLock { $0 = true } },
            online: self.online,
            events: events
        )
        link.start(lifetime: self.lease.withLock { $0.lifetime }) { [lease] in lease.withLock { $0.isEnding = true } }
        return link
    }
}
