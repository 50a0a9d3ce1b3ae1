// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What to connect to, and how.
package struct WebSocketTarget: Sendable {
    package var endpoint: Endpoint
    package var subprotocols: [String]
    package var configuration: WebSocketConfiguration

    package init(
        endpoint: Endpoint,
        subprotocols: [String] = [],
        configuration: WebSocketConfiguration = WebSocketConfiguration()
    ) {
        self.endpoint = endpoint
        self.subprotocols = subprotocols
        self.configuration = configuration
    }
}

/// What a connection tells. `ended` comes exactly once, as the last.
package enum WebSocketEvent: Sendable {
    case opened(subprotocol: String?)
    /// All that one read brought.
    case messages([MessageBatch])
    /// The other side has answered the last ping, after so long: everything that it sent before that has come.
    case roundTrip(Duration)
    case ended(ConnectionEnd)
}

/// One connection, on its loop's thread.
package protocol WebSocketLink: AnyObject {
    /// Sends a message, however much waits already.
    func send(_ message: WebSocketMessage)
    func pauseReading()
    func resumeReading()
    /// Asks the other side whether it is still there, and ends the connection when it does not answer in time.
    func probe()
    /// Sends a close frame, after what was sent before; `ended(end)` follows, and no messages before it. Where not all of it could
    /// go out, that is a failure instead of `ours`.
    func close(_ frame: CloseFrame, as end: ConnectionEnd)
    /// Cuts the connection; `ended(end)` follows.
    func abandon(_ end: ConnectionEnd)
}

/// Makes connections: the real one, or a scripted one in tests.
package protocol WebSocketTransport: Sendable {
    /// Begins to connect; everything else is told through `events`, on the loop's thread and never within this call.
    func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink
}
