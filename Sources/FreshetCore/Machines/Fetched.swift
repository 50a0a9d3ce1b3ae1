// SPDX-License-Identifier: Apache-2.0

/// What was fetched to make up for what a subscription missed.
package struct Fetched: Sendable {
    package enum Kind: Sendable, Equatable {
        /// The whole current state.
        case snapshot
        /// Every change that was missed: there is no gap.
        case changes
        /// Nothing: the gap remains.
        case nothing
    }

    package let kind: Kind
    package let items: [FeedItem]
    /// The versions of the objects in it, by key: changes that are no newer are not handed out again.
    package let versions: [JSONValue: Position]

    package init(_ kind: Kind, items: [FeedItem] = [], versions: [JSONValue: Position] = [:]) {
        self.kind = kind
        self.items = items
        self.versions = versions
    }
}
