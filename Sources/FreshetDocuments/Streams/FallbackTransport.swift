// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetTransport

/// Tries the WebSocket first. Where its upgrade is answered in HTTP, the same attempt is carried by something else, until a
/// WebSocket is to be had after all: then the connection ends, so that the next one is over that.
package struct FallbackTransport: WebSocketTransport {
    private let webSocket: any WebSocketTransport
    private let other: any WebSocketTransport
    private let time: TimeSource

    /// Makes a transport.
    ///
    /// - Parameters:
    ///   - webSocket: what is tried first.
    ///   - other: what carries an attempt whose upgrade was refused.
    ///   - time: paces the attempts to come back.
    package init(_ webSocket: any WebSocketTransport, or other: any WebSocketTransport, time: TimeSource) {
        self.webSocket = webSocket
        self.other = other
        self.time = time
    }

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let link = FallbackLink(target, self.webSocket, self.other, on: loop, time: self.time, events: events)
        link.start()
        return link
    }
}
