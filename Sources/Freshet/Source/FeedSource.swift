// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport

/// The number of a subscription: unique for the life of a client, and never used again.
public typealias SubscriptionID = UInt64

/// How a server speaks: all that a ``SubscriptionManager`` needs to know of a protocol on top of WebSocket.
///
/// A value: each connection gets a fresh copy of the one that the client was made with. It reads no clock and does no
/// I/O; it turns messages into what they mean, and what is wanted into messages. Everything else, when to connect, what to
/// send again, what was missed, who waits for what, is the manager's.
///
/// The article "Writing a source" goes through one line by line.
public protocol FeedSource: Sendable {
    /// What a consumer asks for. Two that are equal may share one subscription.
    associatedtype Request: Sendable & Hashable

    /// What to offer in the upgrade, in order of preference.
    var subprotocols: [String] { get }

    /// Whether each subscription must be confirmed before the next one is sent.
    var subscribesOneByOne: Bool { get }

    /// The WebSocket is open: the messages that begin the handshake. Until ``receive(_:)`` says `.ready` nothing else is
    /// sent.
    ///
    /// - Parameters:
    ///   - subprotocol: what the server chose.
    ///   - credentials: what the provider of credentials gave for this connection, if there is one.
    /// - Returns: the messages, in order.
    /// - Throws: why this server is not to be spoken to.
    mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage]

    /// Begins a subscription.
    ///
    /// - Parameters:
    ///   - id: its number, to be found again in what the server sends.
    ///   - request: what is asked for.
    ///   - position: where to go on, as ``mark(of:in:)`` told it; nil to begin.
    /// - Returns: the message.
    mutating func subscribe(_ id: SubscriptionID, to request: Request, from position: Position?) -> WebSocketMessage

    /// Ends a subscription that the server knows.
    ///
    /// - Parameter id: its number.
    /// - Returns: the message; nil when there is none to be sent.
    mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage?

    /// Says what a message means.
    ///
    /// - Parameter message: what the server sent.
    /// - Returns: what it means.
    /// - Throws: why this connection cannot go on. A message that is wrong about one subscription alone is `.failed`.
    mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent

    /// Whether a request goes on, or has one result.
    ///
    /// - Parameter request: what is asked for.
    /// - Returns: what kind of operation it is.
    func kind(of request: Request) -> OperationKind

    /// What a subscription promises about the time after a drop.
    ///
    /// - Parameter request: what is asked for.
    /// - Returns: its class.
    func continuity(of request: Request) -> Continuity

    /// A message that the server answers once it has read everything before it, with what ``receive(_:)`` calls
    /// `.answered`; nil when the protocol has none.
    ///
    /// - Returns: the message.
    func ping() -> WebSocketMessage?

    /// What the protocol says of a close code, before the client's policy and after its overrides.
    ///
    /// - Parameters:
    ///   - code: the code (RFC 6455 7.4).
    ///   - reason: the reason.
    /// - Returns: what to do; nil where the protocol says nothing special.
    func decision(onClose code: UInt16, reason: String) -> ClosePolicy.Decision?

    /// The key and the position of an element; asked for only where a recovery needs them.
    ///
    /// - Parameters:
    ///   - payload: the element.
    ///   - request: what was asked for.
    /// - Returns: what there is of them.
    func mark(of payload: Bytes, in request: Request) -> UpdateMark?
}

extension FeedSource {
    /// No.
    public var subscribesOneByOne: Bool { false }
    /// Every request is a subscription.
    public func kind(of request: Request) -> OperationKind { .subscription }
    /// Nothing but gaps.
    public func continuity(of request: Request) -> Continuity { .bestEffort }
    /// There is none.
    public func ping() -> WebSocketMessage? { nil }
    /// Nothing special.
    public func decision(onClose code: UInt16, reason: String) -> ClosePolicy.Decision? { nil }
    /// There are none.
    public func mark(of payload: Bytes, in request: Request) -> UpdateMark? { nil }
}
