// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// A network that lets no WebSocket through, and everything else.
struct NoWebSockets: WebSocketTransport {
    func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let refusal = HTTPRefusal(status: 400, retryAfter: nil, authenticate: nil, body: [])
        let error = FreshetError(.upgradeRefused(status: 400), "no WebSocket gets through", refusal: refusal)
        loop.execute { events(.ended(.failure(error))) }
        return Nothing()
    }

    private final class Nothing: WebSocketLink {
        func send(_ message: WebSocketMessage) {}
        func pauseReading() {}
        func resumeReading() {}
        func probe() {}
        func close(_ frame: CloseFrame, as end: ConnectionEnd) {}
        func abandon(_ end: ConnectionEnd) {}
    }
}
