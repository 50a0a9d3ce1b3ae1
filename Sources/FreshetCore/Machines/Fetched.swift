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
        /// The whole state is what it was when it was handed out last.
        case unchanged
    }

    package let kind: Kind
    package let items: [FeedItem]
    /// The versions of the objects in it, by key: changes that are no newer are not handed out again.
    package let versions: [JSONValue: Position]
    /// By which it can be asked next time whether it still holds (an entity tag).
    package let validator: String?
    /// Where the feed stands with it, and from where to subscribe.
    package let position: Position?

    package init(
        _ kind: Kind,
        items: [FeedItem] = [],
        versions: [JSONValue: Position] = [:],
        validator: String? = nil,
        position: Position? = nil
    ) {
        self.kind = kind
        self.items = items
        self.versions = versions
        self.validator = validator
        self.position = position
    }

    /// Whether both are certainly the same to a consumer.
    func isSame(as other: Fetched) -> Bool {
        self.items.count == other.items.count && zip(self.items, other.items).allSatisfy { $0.isSame(as: $1) }
    }
}
