// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Live data as a sequence that keeps going.
///
/// Each iteration is a subscription of its own. It begins with the first `next()`, and ends when the loop is left: by
/// `break`, by an error, by cancelling the task. Connections may come and go meanwhile; where something may be missing,
/// an element says so, in order.
///
/// For a slow consumer a feed holds 4,096 elements or 1 MiB, and the one read that crossed that line; and as much again
/// in the batch that the consumer works on. What happens beyond that, its ``DeliveryPolicy`` says.
public struct Feed<Element: Sendable>: AsyncSequence, Sendable {
    /// Feeds throw one kind of error, once, as their end.
    public typealias Failure = FreshetError

    private let open: @Sendable () -> FeedBuffer
    private let decoder: @Sendable () -> FeedDecoder<Element>
    private let notice: Notice?

    /// Hears of each item before it is handed out, such as a cache.
    package typealias Notice = @Sendable (FeedItem) async -> Void

    /// A feed whose elements depend on nothing but their items.
    package init(
        open: @escaping @Sendable () -> FeedBuffer,
        position: @escaping @Sendable (FeedItem) -> Position? = { _ in nil },
        notice: Notice? = nil,
        decode: @escaping @Sendable (FeedItem) throws(FreshetError) -> Element
    ) {
        self.init(open: open, notice: notice) { FeedDecoder(decode: decode, position: position) }
    }

    /// A feed whose elements depend on those before them: each iteration gets a decoder of its own.
    package init(
        open: @escaping @Sendable () -> FeedBuffer,
        notice: Notice? = nil,
        decoder: @escaping @Sendable () -> FeedDecoder<Element>
    ) {
        self.open = open
        self.decoder = decoder
        self.notice = notice
    }

    /// The same feed with the position of each element, to be saved when the element has been dealt with: a feed that begins
    /// there, in this process or another, goes on after it.
    ///
    /// Sources without positions, and gaps, have none. It says as well which elements were got by polling, while there was no
    /// WebSocket to be had.
    public var positioned: Feed<Positioned<Element>> {
        Feed<Positioned<Element>>(open: self.open, notice: self.notice) { [decoder] in
            let inner = decoder()
            return FeedDecoder(
                decode: { item throws(FreshetError) in
                    guard let element = try inner.decode(item) else { return nil }
                    return Positioned(element: element, position: inner.position(item), source: item.origin)
                },
                position: inner.position
            )
        }
    }

    /// Other elements made of these, where the function has any; each iteration gets a function of its own.
    package func compactMap<Other>(
        _ function: @escaping @Sendable () -> ((Element) throws(FreshetError) -> Other?)
    ) -> Feed<Other> {
        Feed<Other>(open: self.open, notice: self.notice) { [decoder] in
            let (inner, function) = (decoder(), function())
            return FeedDecoder(
                decode: { item throws(FreshetError) in
                    guard let element = try inner.decode(item) else { return nil }
                    return try function(element)
                },
                position: inner.position
            )
        }
    }

    /// Makes an iterator; nothing happens before its first `next()`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(open: self.open, notice: self.notice, decoder: self.decoder())
    }

    /// Takes a feed's elements, batch by batch, and decodes them in the task that iterates.
    public struct Iterator: AsyncIteratorProtocol {
        private let open: @Sendable () -> FeedBuffer
        private let notice: Notice?
        private let decoder: FeedDecoder<Element>
        private var subscription: FeedSubscription?
        private var batch: [FeedItem] = []
        private var position = 0
        private var ended = false

        init(open: @escaping @Sendable () -> FeedBuffer, notice: Notice?, decoder: FeedDecoder<Element>) {
            self.open = open
            self.notice = notice
            self.decoder = decoder
        }

        /// The next element, or nil at the end.
        ///
        /// - Returns: the next element; nil at the end.
        /// - Throws: `FreshetError` once, when the feed cannot go on; afterwards it is nil.
        public mutating func next() async throws(FreshetError) -> Element? {
            try await self.next(isolation: nil)
        }

        /// The next element, or nil at the end: when the server completed it, or the task was cancelled.
        ///
        /// - Parameter isolation: where the caller runs; a batch is handed out there without a hop for each element.
        /// - Returns: the next element; nil at the end.
        /// - Throws: `FreshetError` once, when the feed cannot go on; afterwards it is nil.
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Element? {
            guard !self.ended else { return nil }
            do throws(FreshetError) {
                while true {
                    while self.position == self.batch.count {
                        let subscription = self.subscription ?? FeedSubscription(self.open())
                        self.subscription = subscription
                        guard let batch = try await subscription.buffer.next(isolation: isolation) else {
                            self.end()
                            return nil
                        }
                        self.batch = batch
                        self.position = 0
                    }
                    defer { self.position += 1 }
                    if let notice = self.notice { await notice(self.batch[self.position]) }
                    if let element = try self.decoder.decode(self.batch[self.position]) { return element }
                }
            } catch {
                self.end()
                throw error
            }
        }

        private mutating func end() {
            self.ended = true
            self.subscription = nil
            self.batch = []
            self.position = 0
        }
    }
}

/// Ends a subscription when its iterator goes away.
private final class FeedSubscription: Sendable {
    let buffer: FeedBuffer

    init(_ buffer: FeedBuffer) { self.buffer = buffer }

    deinit { self.buffer.leave() }
}

extension Feed where Element: FeedElement {
    /// The values alone. Gaps are dropped, on purpose and by name: use it where a missed change does not matter.
    public var values: some AsyncSequence<Element.Value, FreshetError> & Sendable {
        self.compactMap { $0.value }
    }
}
