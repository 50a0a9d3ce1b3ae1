// SPDX-License-Identifier: Apache-2.0

/// By what the children of a place are put in order.
public enum RealtimeOrder: Sendable, Hashable {
    /// By their keys: whole numbers first, by value, then texts.
    case key
    /// By their values.
    case value
    /// By their priorities, and by keys where those are equal: what is so unless something else is said.
    case priority
    /// By what is at a path below each of them, as in `profile/age`.
    case child(String)

    /// As the server calls it.
    var name: String {
        switch self {
        case .key: ".key"
        case .value: ".value"
        case .priority: ".priority"
        case .child(let path): path
        }
    }

    /// As REST calls it.
    var parameter: String {
        switch self {
        case .key: "$key"
        case .value: "$value"
        case .priority: "$priority"
        case .child(let path): path
        }
    }
}

extension RealtimeOrder {
    /// The order of what may be nothing: nothing first.
    static func isBefore(_ left: RealtimeLeaf?, _ right: RealtimeLeaf?) -> Bool {
        switch (left, right) {
        case (nil, nil), (_?, nil): false
        case (nil, _?): true
        case (let left?, let right?): left < right
        }
    }

    /// The children of a node, in this order.
    package func children(of node: RealtimeNode) -> [(key: String, node: RealtimeNode)] {
        let path: [String] =
            if case .child(let path) = self { path.split(separator: "/").map(String.init) } else { [] }
        let all = node.children.map { (key: $0.key, node: $0.value, place: self.place(of: $0.value, path)) }
        return all.sorted { left, right in
            if Self.isBefore(left.place, right.place) { return true }
            if Self.isBefore(right.place, left.place) { return false }
            return RealtimeKey.areInOrder(left.key, right.key)
        }.map { (key: $0.key, node: $0.node) }
    }

    /// Nothing, a value, or something with children, which comes last.
    private enum Place {
        case leaf(RealtimeLeaf?)
        case children
    }

    private func place(of node: RealtimeNode, _ path: [String]) -> Place {
        switch self {
        case .key: return .leaf(nil)
        case .priority: return .leaf(node.priority)
        case .value, .child:
            let node = node.node(at: path)
            return node.children.isEmpty ? .leaf(node.leaf) : .children
        }
    }

    private static func isBefore(_ left: Place, _ right: Place) -> Bool {
        switch (left, right) {
        case (.leaf(let left), .leaf(let right)): self.isBefore(left, right)
        case (.leaf, .children): true
        case (.children, _): false
        }
    }
}
