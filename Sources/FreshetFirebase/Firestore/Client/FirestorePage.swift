// SPDX-License-Identifier: Apache-2.0

/// Some of a collection's documents.
public struct FirestorePage: Sendable, Hashable {
    /// The documents, by their names.
    public let documents: [FirestoreDocument]
    /// Where the next page begins; nil at the end.
    public let next: String?
}
