// SPDX-License-Identifier: Apache-2.0

/// What waits in a feed's buffer: not decoded yet.
@usableFromInline
package enum FeedItem: Sendable {
    case update(Bytes)
    case snapshot(Bytes)
    /// From a snapshot function of the user's own, which knows the type already.
    case value(any Sendable, isSnapshot: Bool)
    case gap(Gap)
    /// Nothing new up to here.
    case bookmark(Position)
    /// The same, but got by asking while there was no WebSocket.
    indirect case rest(FeedItem)
}

extension FeedItem {
    /// By which way it has come.
    package var origin: FeedOrigin {
        if case .rest = self { .rest } else { .live }
    }

    /// The gap that it is, if it is one.
    @inlinable package var gap: Gap? {
        switch self {
        case .gap(let gap), .rest(.gap(let gap)): gap
        case .update, .snapshot, .value, .bookmark, .rest: nil
        }
    }

    /// What it is, whichever way it has come.
    package var content: FeedItem {
        if case .rest(let item) = self { item.content } else { self }
    }

    /// Whether both are certainly the same to a consumer.
    package func isSame(as other: FeedItem) -> Bool {
        switch (self.content, other.content) {
        case (.update(let left), .update(let right)), (.snapshot(let left), .snapshot(let right)):
            left.count == right.count && left.withBytes { left in right.withBytes { left.elementsEqual($0) } }
        case (.value(let left, let isLeft), .value(let right, let isRight)):
            isLeft == isRight && Self.isEqual(left, right)
        default: false
        }
    }

    /// Values that cannot be compared differ.
    private static func isEqual(_ left: any Sendable, _ right: any Sendable) -> Bool {
        func compare<Value: Equatable>(_ left: Value) -> Bool { (right as? Value) == left }
        guard let left = left as? any Equatable else { return false }
        return compare(left)
    }
}

extension FeedItem: DeliveryElement {
    @usableFromInline package var byteCount: Int {
        switch self {
        case .update(let slice), .snapshot(let slice): slice.count
        case .value(let value, _): (value as? any MeasuredValue)?.byteCount ?? 0
        case .gap, .bookmark: 0
        case .rest(let item): item.byteCount
        }
    }

    @usableFromInline package var isDroppable: Bool {
        switch self {
        case .gap, .bookmark, .rest(.gap): false
        case .update, .snapshot, .value, .rest: true
        }
    }

    @usableFromInline package func key(at path: JSONPath) -> JSONValue? {
        switch self {
        case .update(let slice), .snapshot(let slice): path.find(in: slice).flatMap { JSONValue(scalar: $0) }
        case .value, .gap, .bookmark: nil
        case .rest(let item): item.key(at: path)
        }
    }

    @usableFromInline package func detached() -> FeedItem {
        switch self {
        case .update(let slice): .update(slice.detached())
        case .snapshot(let slice): .snapshot(slice.detached())
        case .value, .gap, .bookmark: self
        case .rest(let item): .rest(item.detached())
        }
    }

    @usableFromInline package static func dropped(_ count: Int) -> FeedItem? {
        .gap(Gap(cause: .overflow, count: count, reason: "the consumer is slower than its feed", outage: .zero))
    }

    @usableFromInline package func merged(with later: FeedItem) -> FeedItem? {
        switch (self.content, later.content) {
        case (.bookmark, .bookmark), (.bookmark, .gap): return later
        case (.gap, .bookmark): return self
        default: break
        }
        guard let gap = self.gap, let next = later.gap else { return nil }
        let merged = FeedItem.gap(gap.merged(with: next))
        return later.origin == .rest ? .rest(merged) : merged
    }
}
