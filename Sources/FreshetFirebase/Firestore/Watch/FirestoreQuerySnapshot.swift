// SPDX-License-Identifier: Apache-2.0

/// The documents of a query, all as they were at one moment.
public struct FirestoreQuerySnapshot: Sendable, Hashable {
    /// The documents, in the query's order.
    public let documents: [FirestoreDocument]
    /// What differs from the snapshot before: first what is removed, then what is added, then what is modified. Of the first
    /// snapshot, that everything is added.
    public let changes: [FirestoreDocumentChange]
    /// Of when this is, by the server's clock.
    public let readTime: FirestoreTimestamp
    /// Whether the server is away, so that it may have changed since. Only feeds that ask for metadata hear of it.
    public let isFromCache: Bool
}
