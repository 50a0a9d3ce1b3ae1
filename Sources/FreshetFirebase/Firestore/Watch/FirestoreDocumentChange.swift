// SPDX-License-Identifier: Apache-2.0

/// What has become of one document of a query.
public struct FirestoreDocumentChange: Sendable, Hashable {
    /// What has happened.
    public enum Kind: String, Sendable, Hashable {
        /// It is in the query now.
        case added
        /// It is in the query still, and was changed; its place may be another one.
        case modified
        /// It is not in the query any more: deleted, or changed so that it does not belong there.
        case removed
    }

    /// What has happened.
    public let kind: Kind
    /// The document as it is now; of a removed one, as it was.
    public let document: FirestoreDocument
    /// Where it was, when all changes before this one have been applied; nil: it was not there.
    public let oldIndex: Int?
    /// Where it is, when this change has been applied too; nil: it is not there any more.
    public let newIndex: Int?
}
