// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

/// One element of a feed of documents.
///
/// Who wants nothing but the changes takes ``changes`` of each: first all documents are added, and whatever happens later, also while
/// nobody was connected, is a change as well.
public enum DocumentEvent<Value: Sendable>: Sendable {
    /// The whole current state: at the beginning, and after a gap in place of what was handed out before.
    case snapshot(DocumentSnapshot<Value>)
    /// What one transaction of the source has changed, in order. None at all is a bookmark: nothing new up to its position.
    case update([DocumentChange<Value>])
    /// Something may be missing here, before whatever follows.
    case gap(Gap)

    /// What has changed; of a gap nothing.
    public var changes: [DocumentChange<Value>] {
        switch self {
        case .snapshot(let snapshot): snapshot.changes
        case .update(let changes): changes
        case .gap: []
        }
    }
}

extension DocumentEvent: Equatable where Value: Equatable {}

extension DocumentEvent: FeedElement {
    /// What has changed; nil for a gap.
    public var value: [DocumentChange<Value>]? {
        if case .gap = self { nil } else { self.changes }
    }
}
