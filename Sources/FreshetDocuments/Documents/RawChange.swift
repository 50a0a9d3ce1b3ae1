// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A change as its source sent it.
package enum RawChange: Sendable {
    /// `isNew`: whether it was created by this, where the source says so; `previous`: what it was before, where the source
    /// says that.
    case put(RawDocument, isNew: Bool? = nil, previous: RawDocument? = nil)
    case delete(key: String, version: String, previous: RawDocument? = nil)
}

/// What one payload of a subscription says: the changes of one transaction, and where the feed stands with them.
package struct RawChanges: Sendable {
    package let changes: [RawChange]
    package let position: Position?

    package init(_ changes: [RawChange], position: Position?) {
        self.changes = changes
        self.position = position
    }
}
