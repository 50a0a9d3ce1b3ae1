// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// All documents at one moment.
public struct DocumentSnapshot<Value: Sendable>: Sendable {
    /// The documents, in their source's order.
    public let documents: [Document<Value>]
    /// What differs from what the feed had handed out before; of a list that was asked for by itself, that all are added.
    public let changes: [DocumentChange<Value>]
    /// Where to begin a watch that brings everything after it.
    public let position: Position?

    /// Makes a snapshot, as a test of your own might.
    ///
    /// - Parameters:
    ///   - documents: all of them.
    ///   - changes: what differs from what was handed out before.
    ///   - position: where to begin a watch.
    public init(documents: [Document<Value>], changes: [DocumentChange<Value>], position: Position? = nil) {
        self.documents = documents
        self.changes = changes
        self.position = position
    }
}

extension DocumentSnapshot: Equatable where Value: Equatable {}
