// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetTransport

/// How a server speaks: what a `SubscriptionManager` needs to know of a protocol on top of WebSocket.
///
/// A value: a fresh copy serves each connection. It reads no clock and does no I/O.
package protocol FeedSource: Sendable {
    /// What a consumer asks for.
    associatedtype Request: Sendable

    /// What to offer in the upgrade, in order of preference.
    var subprotocols: [String] { get }

    /// The WebSocket is open: the messages that begin the handshake, or why this server is not to be spoken to.
    mutating func opened(subprotocol: String?) throws(SourceViolation) -> [WebSocketMessage]

    func subscribe(_ id: SubscriptionTable.ID, to request: Request) -> WebSocketMessage
    func unsubscribe(_ id: SubscriptionTable.ID) -> WebSocketMessage

    mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent
}

/// What a message from the server means.
package enum SourceEvent: Sendable {
    /// The handshake is done; subscriptions may be sent.
    case ready
    case update(SubscriptionTable.ID, ByteSlice)
    /// This subscription is over, and why.
    case failed(SubscriptionTable.ID, FreshetError)
    case completed(SubscriptionTable.ID)
    case reply(WebSocketMessage)
    /// Nothing to do; `note` is for the log where it is odd.
    case nothing(note: String?)
}

/// The server broke its protocol: the connection is closed with this frame, and ends as this error.
package struct SourceViolation: Error, Sendable {
    package let close: CloseFrame
    package let error: FreshetError

    package init(close: CloseFrame, error: FreshetError) {
        self.close = close
        self.error = error
    }
}
