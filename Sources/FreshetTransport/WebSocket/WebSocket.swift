// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// One WebSocket (RFC 6455): messages in as an asynchronous sequence, messages out from any task.
///
/// It does not reconnect; a feed does. Messages wait for a slow consumer up to 1 MiB, and up to what one read brings beyond
/// that; then the connection is not read until there is room, and TCP holds the server back. Nothing is dropped.
///
/// ```swift
/// let socket = try await WebSocket.connect(to: "wss://example.com/feed")
/// try await socket.send(text: "hello")
/// for try await message in socket { print(message.text) }
/// ```
///
/// Cancelling the task that iterates cuts the connection, since messages would be lost. It is cut as well when the last reference to
/// the WebSocket and its iterators goes away.
public final class WebSocket: Sendable {
    /// The subprotocol that the server chose.
    public let subprotocol: String?

    private let inbox: DeliveryQueue<MessageBatch>
    private let outbox: Outbox
    private let handle: WebSocketHandle

    private init(subprotocol: String?, inbox: DeliveryQueue<MessageBatch>, handle: WebSocketHandle) {
        self.subprotocol = subprotocol
        self.inbox = inbox
        self.outbox = handle.outbox
        self.handle = handle
    }

    deinit { self.handle.abandon() }

    /// Connects, and returns when the WebSocket is open.
    ///
    /// - Parameters:
    ///   - url: `ws:`, `wss:`, or `ws+unix:/path/of/socket:/path` for a Unix domain socket.
    ///   - subprotocols: what to offer, in order of preference.
    ///   - configuration: how to connect, and what to allow.
    ///   - loop: where the connection lives.
    /// - Returns: the open WebSocket.
    /// - Throws: why there is no connection; `.cancelled` when the task was cancelled.
    public static func connect(
        to url: String,
        subprotocols: [String] = [],
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        loop: EventLoop = .shared
    ) async throws(FreshetError) -> WebSocket {
        let endpoint = try Endpoint(url)
        let target = WebSocketTarget(endpoint: endpoint, subprotocols: subprotocols, configuration: configuration)
        let handle = WebSocketHandle(target, on: loop)
        let subprotocol = try await handle.open()
        return WebSocket(subprotocol: subprotocol, inbox: handle.inbox, handle: handle)
    }

    /// Sends a text message.
    ///
    /// Returns when the message is queued, and suspends before that while the queue is full. Cancelled while it is suspended, it
    /// sends nothing. Messages of one task go out in order.
    ///
    /// - Parameters:
    ///   - text: the message.
    ///   - isolation: where the caller runs; there is no hop.
    /// - Throws: why the connection has ended; `.cancelled`.
    public func send(
        text: String,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(FreshetError) {
        try await self.outbox.send(.text, Array(text.utf8), isolation: isolation)
    }

    /// Sends a binary message; otherwise as `send(text:)`.
    ///
    /// - Parameters:
    ///   - binary: the message.
    ///   - isolation: where the caller runs; there is no hop.
    /// - Throws: why the connection has ended; `.cancelled`.
    public func send(
        binary: [UInt8],
        isolation: isolated (any Actor)? = #isolation
    ) async throws(FreshetError) {
        try await self.outbox.send(.binary, binary, isolation: isolation)
    }

    /// Closes: what was sent before goes out first, then the close frame; returns when the connection has ended, little more than a
    /// second after that at most. The sequence then ends without an error.
    ///
    /// A server that takes nothing for as long as `pongDeadline` is given up. When the connection ends before all that was sent has
    /// gone out, the sequence ends with an error.
    ///
    /// - Parameters:
    ///   - code: 1000, 1001, or 3000 to 4999 (RFC 6455 7.4); another one is sent as 1000.
    ///   - reason: at most 123 bytes of UTF-8; what is longer is cut.
    public func close(code: UInt16 = 1000, reason: String = "") async {
        let allowed = code == 1000 || code == 1001 || (3000...4999).contains(code)
        await self.handle.close(CloseFrame(code: allowed ? code : 1000, reason: reason))
    }
}

extension WebSocket: AsyncSequence {
    /// Whole messages, in order.
    public typealias Element = WebSocketMessage
    /// The sequence throws one kind of error, once, as its end.
    public typealias Failure = FreshetError

    /// Makes an iterator. There is one stream of messages: several iterators share it.
    public func makeAsyncIterator() -> Iterator { Iterator(self, self.inbox) }

    /// Takes messages, batch by batch.
    public struct Iterator: AsyncIteratorProtocol {
        /// Keeps the connection.
        private let socket: WebSocket
        private let inbox: DeliveryQueue<MessageBatch>
        private var batches: [MessageBatch] = []
        private var nextBatch = 0
        @usableFromInline var batch = MessageBatch.none
        @usableFromInline var position = 0

        init(_ socket: WebSocket, _ inbox: DeliveryQueue<MessageBatch>) {
            self.socket = socket
            self.inbox = inbox
        }

        /// The next message, or nil at the end.
        ///
        /// - Returns: the next message; nil when the WebSocket was closed with 1000 or 1001, or by us, or the task was cancelled.
        /// - Throws: `FreshetError` once, when the connection ended otherwise.
        public mutating func next() async throws(FreshetError) -> WebSocketMessage? {
            try await self.next(isolation: nil)
        }

        /// The next message, or nil at the end.
        ///
        /// - Parameter isolation: where the caller runs; a batch is handed out there without a hop for each message.
        /// - Returns: the next message; nil when the WebSocket was closed with 1000 or 1001, or by us, or the task was cancelled.
        /// - Throws: `FreshetError` once, when the connection ended otherwise.
        @inlinable
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> WebSocketMessage? {
            if self.position == self.batch.count {
                guard try await self.takeBatch(isolation: isolation) else { return nil }
            }
            defer { self.position += 1 }
            return self.batch[self.position]
        }

        /// Goes on with the next batch, which is never empty; false at the end.
        @usableFromInline
        mutating func takeBatch(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bool {
            if self.nextBatch == self.batches.count {
                self.batch = .none
                self.position = 0
                self.batches = []
                self.nextBatch = 0
                guard let batches = try await self.inbox.next(isolation: isolation) else { return false }
                self.batches = batches
            }
            self.batch = self.batches[self.nextBatch]
            self.nextBatch += 1
            self.position = 0
            return true
        }
    }
}
