// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// All documents as their source listed them, not decoded yet: the `value` of a snapshot's `FeedItem`.
package struct DocumentListing: Sendable, Equatable {
    package let documents: [RawDocument]
    package let position: Position?
    /// What tells the source's history from another one that it may have later, where versions alone do not.
    package let history: String?

    package init(_ documents: [RawDocument], position: Position?, history: String? = nil) {
        self.documents = documents
        self.position = position
        self.history = history
    }

    /// Whether the documents are the same ones; where the source stands otherwise is no difference.
    package static func == (left: DocumentListing, right: DocumentListing) -> Bool {
        left.documents == right.documents
    }

    /// As a snapshot for the manager.
    ///
    /// - Parameter validator: by which it can be asked next time whether it still holds.
    /// - Returns: what the manager takes.
    package func fetched(validator: String? = nil) -> Fetched {
        Fetched(.snapshot, items: [.value(self, isSnapshot: true)], validator: validator, position: self.position)
    }
}
