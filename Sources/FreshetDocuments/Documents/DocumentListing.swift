// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// All documents as their source listed them, not decoded yet.
public struct DocumentListing: Sendable, Equatable {
    /// The documents, in the source's order.
    public let documents: [RawDocument]
    /// From where a subscription brings everything after it. Without it a list cannot be followed by a subscription.
    public let position: Position?
    /// What tells the source's history from another one that it may have later, where versions alone do not.
    public let history: String?

    /// Makes a listing.
    ///
    /// - Parameters:
    ///   - documents: in the source's order.
    ///   - position: from where a subscription brings everything after it; nil where none follows. A feed that lists first, and
    ///     is given a list without one, ends with `.invalidInput`.
    ///   - history: what tells the source's history from another one that it may have later.
    public init(_ documents: [RawDocument], position: Position?, history: String? = nil) {
        self.documents = documents
        self.position = position
        self.history = history
    }

    /// Whether the documents are the same ones; where the source stands otherwise is no difference.
    public static func == (left: DocumentListing, right: DocumentListing) -> Bool {
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

extension DocumentListing: MeasuredValue {
    /// What its documents hold: keys and values.
    package var byteCount: Int { self.documents.reduce(0) { $0 + $1.key.utf8.count + $1.value.count } }
}
