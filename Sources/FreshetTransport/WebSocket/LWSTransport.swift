// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Connects by libwebsockets.
package struct LWSTransport: WebSocketTransport {
    private let route: NetworkRoute?

    /// - Parameter route: where connections go instead of where their URL says; nil: there.
    package init(route: NetworkRoute? = nil) {
        self.route = route
    }

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let connection = WebSocketConnection(target, on: loop, events: events)
        connection.start(route: self.route)
        return connection
    }
}
