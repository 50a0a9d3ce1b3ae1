// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What one element of a subscription says: the changes of one transaction, and where the feed stands with them.
public struct RawChanges: Sendable {
    /// The changes, in order.
    public let changes: [RawChange]
    /// Where the feed stands with all of them; nil where the source has no positions.
    public let position: Position?

    /// Makes the changes of one transaction.
    ///
    /// - Parameters:
    ///   - changes: in order.
    ///   - position: where the feed stands with all of them.
    public init(_ changes: [RawChange], position: Position?) {
        self.changes = changes
        self.position = position
    }
}
