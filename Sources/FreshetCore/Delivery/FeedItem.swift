// SPDX-License-Identifier: Apache-2.0

/// What waits in a feed's buffer: not decoded yet.
@usableFromInline
package enum FeedItem: Sendable {
    case update(Bytes)
    case snapshot(Bytes)
    /// From a snapshot function of the user's own, which knows the type already.
    case value(any Sendable, isSnapshot: Bool)
    case gap(Gap)
}

extension FeedItem: DeliveryElement {
    @usableFromInline package var byteCount: Int {
        switch self {
        case .update(let slice), .snapshot(let slice): slice.count
        case .value, .gap: 0
        }
    }

    @usableFromInline package var isDroppable: Bool {
        if case .gap = self { false } else { true }
    }

    @usableFromInline package func key(at path: JSONPath) -> JSONValue? {
        switch self {
        case .update(let slice), .snapshot(let slice): path.find(in: slice).flatMap { JSONValue(scalar: $0) }
        case .value, .gap: nil
        }
    }

    @usableFromInline package func detached() -> FeedItem {
        switch self {
        case .update(let slice): .update(slice.detached())
        case .snapshot(let slice): .snapshot(slice.detached())
        case .value, .gap: self
        }
    }

    @usableFromInline package static func dropped(_ count: Int) -> FeedItem? {
        .gap(Gap(cause: .overflow, count: count, reason: "the consumer is slower than its feed", outage: .zero))
    }

    @usableFromInline package func merged(with later: FeedItem) -> FeedItem? {
        guard case .gap(let gap) = self, case .gap(let next) = later else { return nil }
        return .gap(gap.merged(with: next))
    }
}
