// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetTransport

/// Carries a source's messages by plain HTTP, where there is no WebSocket: each message that begins something is a request of
/// its own, and the lines of its answer, which goes on for as long as it is wanted, come back as messages.
package struct HTTPStreamTransport: WebSocketTransport {
    /// What a message of the source's comes to.
    package enum Step: Sendable, Equatable {
        /// Another stream, with this number; what had it before ends. Unless it may end, its end is the connection's.
        case begin(Int64, mayEnd: Bool = false)
        /// The end of one.
        case end(Int64)
        /// A request whose answer has an end, which is not the connection's.
        case once
        case nothing
    }

    /// Sends what a message says as a request, and hands each line of the answer on, as soon as there is room for it. It
    /// returns at the answer's end. Its task is cancelled when the stream is not wanted any more.
    package typealias Exchange =
        @Sendable (
            _ message: WebSocketMessage, _ line: @Sendable (Bytes) async -> Void
        ) async throws(FreshetError) -> Void

    /// What a source is told that the server chose, so that it knows.
    package static let subprotocol = "http-streams"

    private let steps: @Sendable (WebSocketMessage) -> Step
    private let exchange: Exchange

    /// Makes a transport.
    ///
    /// - Parameters:
    ///   - steps: what a message comes to.
    ///   - exchange: how it is sent.
    package init(steps: @escaping @Sendable (WebSocketMessage) -> Step, exchange: @escaping Exchange) {
        self.steps = steps
        self.exchange = exchange
    }

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let link = HTTPStreamLink(steps: self.steps, exchange: self.exchange, loop: loop, events: events)
        link.start()
        return link
    }
}
