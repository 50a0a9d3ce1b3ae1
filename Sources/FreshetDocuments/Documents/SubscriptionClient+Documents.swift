// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension SubscriptionClient {
    /// A feed of documents from a source of your own: it lists them first, and subscribes from where the list was made.
    ///
    /// After a drop it subscribes from the position of the last change (``FeedSource/mark(of:in:)``, without a key), and tells no
    /// gap. Where the source says `.historyLost`, there is a gap, the list again, and what differs. Without a WebSocket the list is
    /// asked for again and again, and the subscription then goes on from the last one.
    ///
    /// - Parameters:
    ///   - request: what to subscribe to.
    ///   - start: where to begin.
    ///   - coding: how documents are decoded.
    ///   - delivery: what happens when the consumer is slow.
    ///   - bookmarks: whether positions without changes are handed out too, as empty updates.
    ///   - list: all documents, and their position; got in another way than by the WebSocket. Its task is cancelled after 60 s. An
    ///     error that is no `FreshetError` ends the feed, and so does a list without a position, as `.invalidInput`.
    ///   - changes: reads the payload of an element.
    /// - Returns: the feed.
    public func documents<Value: Sendable>(
        of request: Source.Request,
        from start: DocumentStart = .snapshot,
        coding: DocumentCoding<Value>,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false,
        list: @escaping @Sendable () async throws -> DocumentListing,
        changes: @escaping @Sendable (Bytes) throws(FreshetError) -> RawChanges
    ) -> Feed<DocumentEvent<Value>> {
        let opening = SubscriptionEngine<Source>.Opening(
            request,
            recovery: .list,
            from: start.position,
            isPollable: true,
            hearsBookmarks: bookmarks,
            fetchDeadline: .seconds(60)
        )
        let fetch: SnapshotFetch = { request throws(FreshetError) in
            let listing = try await FreshetError.calling("list") { try await list() }
            return start.isAnswered(by: request) ? Fetched(.snapshot, position: listing.position) : listing.fetched()
        }
        return self.documents(
            opening,
            delivery: delivery,
            fetch: fetch,
            reader: DocumentReader(changes: changes),
            coding: coding
        )
    }

    /// A feed of documents: each iteration is a subscription with a tracker of its own.
    ///
    /// - Parameters:
    ///   - opening: what to ask for, and how to make up for what is missed.
    ///   - delivery: what happens when the consumer is slow.
    ///   - fetch: lists the documents: a `Fetched` made by `DocumentListing.fetched(validator:)`.
    ///   - reader: how payloads are read.
    ///   - coding: how documents are decoded.
    /// - Returns: the feed.
    package func documents<Value>(
        _ opening: SubscriptionEngine<Source>.Opening,
        delivery: DeliveryPolicy = .suspending,
        fetch: SnapshotFetch? = nil,
        reader: DocumentReader,
        coding: DocumentCoding<Value>
    ) -> Feed<DocumentEvent<Value>> {
        Feed(
            open: { self.open(opening, delivery: delivery, fetch: fetch) },
            reader: reader,
            coding: coding
        )
    }
}

extension Feed {
    /// A feed of documents from a buffer of their items: each iteration has a tracker of its own.
    package init<Value>(
        open: @escaping @Sendable () -> FeedBuffer,
        reader: DocumentReader,
        coding: DocumentCoding<Value>
    ) where Element == DocumentEvent<Value> {
        self.init(open: open) {
            var tracker = DocumentTracker(coding: coding, reader: reader)
            return FeedDecoder(
                decode: { item throws(FreshetError) in try tracker.event(item) },
                position: { _ in tracker.position }
            )
        }
    }
}
