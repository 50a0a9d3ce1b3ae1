// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What to connect to, and how.
package struct WebSocketTarget: Sendable {
    package var endpoint: Endpoint
    package var subprotocols: [String]
    package var headers: [HTTPHeader]
    package var tls: TLSConfiguration
    /// In bytes.
    package var messageLimit: Int
    /// For each of: finding and reaching the host, TLS, the upgrade.
    package var deadline: Duration

    package init(
        endpoint: Endpoint,
        subprotocols: [String] = [],
        headers: [HTTPHeader] = [],
        tls: TLSConfiguration = TLSConfiguration(),
        messageLimit: Int = 16 << 20,
        deadline: Duration = .seconds(10)
    ) {
        self.endpoint = endpoint
        self.subprotocols = subprotocols
        self.headers = headers
        self.tls = tls
        self.messageLimit = messageLimit
        self.deadline = deadline
    }
}

/// What a connection tells. `ended` comes exactly once, as the last.
package enum WebSocketEvent: Sendable {
    case opened(subprotocol: String?)
    /// All that one read brought.
    case messages([WebSocketMessage])
    case ended(ConnectionEnd)
}

/// One connection, on its loop's thread.
package protocol WebSocketLink: AnyObject {
    var bytesReceived: UInt64 { get }
    func send(_ message: WebSocketMessage)
    func ping()
    func pauseReading()
    func resumeReading()
    /// Sends a close frame; `ended(end)` follows within the close deadline, and no messages before it.
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
