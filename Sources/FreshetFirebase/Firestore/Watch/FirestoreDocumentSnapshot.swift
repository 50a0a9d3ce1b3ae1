// SPDX-License-Identifier: Apache-2.0

/// A document as it was at one moment, or that it was not there.
public struct FirestoreDocumentSnapshot: Sendable, Hashable {
    /// The document; nil: it is not there.
    public let document: FirestoreDocument?
    /// Of when this is, by the server's clock.
    public let readTime: FirestoreTimestamp
    /// Whether the server is away, so that it may have changed since. Only feeds that ask for metadata hear of it.
    public let isFromCache: Bool
}
