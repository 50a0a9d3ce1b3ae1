// SPDX-License-Identifier: Apache-2.0

import FreshetCore
package import FreshetTransport

/// Carries the protocol over WebSockets: long messages in segments, a word of its own against silence, and redirects, which are
/// followed at once.
package struct RealtimeTransport: WebSocketTransport {
    let url: RealtimeURL
    let memory: RealtimeMemory
    let transport: any WebSocketTransport
    let time: TimeSource

    package init(url: RealtimeURL, memory: RealtimeMemory, transport: any WebSocketTransport, time: TimeSource) {
        self.url = url
        self.memory = memory
        self.transport = transport
        self.time = time
    }

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let link = RealtimeLink(self, target, on: loop, events: events)
        link.start()
        return link
    }

    /// Where to connect now: where the server wants to be asked, or where its URL says.
    func target(_ target: WebSocketTarget, host: String?) throws(FreshetError) -> WebSocketTarget {
        var target = target
        target.endpoint = try Endpoint(self.url.webSocket(host: host, session: self.memory.session))
        return target
    }
}
