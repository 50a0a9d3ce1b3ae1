// SPDX-License-Identifier: Apache-2.0

/// What has come of one write.
public struct FirestoreWriteResult: Sendable, Hashable {
    /// When the document was changed last: by this write, or before if it changed nothing; nil when it was deleted.
    public let updateTime: FirestoreTimestamp?
    /// What the server made of fields by transforms.
    public let transformed: [FirestoreFieldPath: FirestoreValue]
}
