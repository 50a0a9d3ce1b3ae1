// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
package import FreshetTransport

/// Makes one connection of many watches, each of which is a WebSocket, or a chunked answer where there is no WebSocket.
///
/// What it makes opens at once, since there is nothing to connect to before the first watch. After both ways were refused it is
/// not so: then the next connection opens when one of them works again, and feeds live by polling until then.
package struct KubernetesTransport: WebSocketTransport {
    struct State: Sendable {
        /// When the upgrade was refused last.
        var refusedAt: Duration?
        /// How it was.
        var refusal: ConnectionEnd?
        /// What was refused both ways.
        var closedPath: String?
    }

    /// Where the API is, as `https://host:6443`, perhaps with a path.
    let server: String
    let api: KubernetesAPI
    /// Carries the WebSockets.
    let transport: any WebSocketTransport
    /// For how long the server is asked to watch; twice as long at most, by chance, so that not all watches end together.
    let watchTime: Duration
    let time: TimeSource
    let state = Locked(State())

    /// After a refusal, watches go by chunked answers for so long, before a WebSocket is tried again.
    static let refusalTime: Duration = .seconds(60)

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let link = KubernetesLink(self, target, on: loop, events: events)
        let path = self.state.withLock { $0.closedPath }
        loop.execute { link.start(proving: path) }
        return link
    }

    /// Whether a watch is to be tried over WebSocket; if not, how that was refused.
    var wayIsClosed: ConnectionEnd? {
        let now = self.time.now()
        return self.state.withLock { state in
            guard let refusedAt = state.refusedAt, now - refusedAt < Self.refusalTime else { return nil }
            return state.refusal
        }
    }

    /// The upgrade was refused.
    func refused(_ end: ConnectionEnd) {
        let now = self.time.now()
        self.state.withLock { ($0.refusedAt, $0.refusal) = (now, end) }
    }

    /// How long to ask for, in seconds. What goes by a chunked answer ends sooner, to try a WebSocket then.
    func seconds(streamed: Bool) -> Int64 {
        let time = self.watchTime * (1 + self.time.jitter())
        return max((streamed ? min(time, Self.refusalTime) : time).milliseconds / 1000, 1)
    }
}
