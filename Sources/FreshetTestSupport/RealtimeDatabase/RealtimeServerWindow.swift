// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase

/// Which children a query is about.
enum RealtimeServerWindow {
    static func of(_ node: RealtimeNode, _ query: RealtimeQuery) -> RealtimeNode {
        guard !query.isDefault else { return node }
        var children = query.order.children(of: node).filter { child in
            let isAfterStart = query.start.map { self.isWithin($0, child, query.order, isStart: true) } ?? true
            return isAfterStart && (query.end.map { self.isWithin($0, child, query.order, isStart: false) } ?? true)
        }
        if let limit = query.limit {
            children = limit.isFromEnd ? Array(children.suffix(limit.count)) : Array(children.prefix(limit.count))
        }
        var window = RealtimeNode()
        for (key, child) in children { window.set(child, at: [key]) }
        return window
    }

    private static func isWithin(
        _ bound: RealtimeQuery.Bound,
        _ child: (key: String, node: RealtimeNode),
        _ order: RealtimeOrder,
        isStart: Bool
    ) -> Bool {
        let (left, right) = (self.place(of: child, order), Self.place(of: bound.value))
        if order == .key {
            guard case .string(let key) = bound.value else { return false }
            if key == child.key { return bound.isInclusive }
            return isStart == RealtimeKey.areInOrder(key, child.key)
        }
        if left == right { return bound.isInclusive }
        return isStart == (right < left)
    }

    /// Nothing, values, and what has children, in this order.
    private struct Place: Comparable {
        let rank: Int
        let leaf: RealtimeLeaf?

        static func < (left: Place, right: Place) -> Bool {
            guard left.rank == right.rank, let one = left.leaf, let other = right.leaf else {
                return left.rank < right.rank
            }
            return one < other
        }
    }

    private static func place(of value: JSONValue) -> Place {
        let leaf = RealtimeLeaf(value)
        return Place(rank: leaf == nil ? 0 : 1, leaf: leaf)
    }

    private static func place(of child: (key: String, node: RealtimeNode), _ order: RealtimeOrder) -> Place {
        switch order {
        case .key: return Place(rank: 1, leaf: .string(child.key))
        case .priority: return Place(rank: child.node.priority == nil ? 0 : 1, leaf: child.node.priority)
        case .value, .child:
            let path = if case .child(let path) = order { RealtimePath(path).keys } else { [String]() }
            let node = child.node.node(at: path)
            return Place(rank: node.isEmpty ? 0 : node.leaf == nil ? 2 : 1, leaf: node.leaf)
        }
    }
}
