// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What is at each place that one connection listens to, so that the server can be told its hash by the next one, and so that who
/// listens to the same place gets it without the server.
final class RealtimeTrees: Sendable {
    /// What became of a place by what the server sent.
    enum Outcome {
        case nothing
        case whole
        /// These children are other ones.
        case children([String])
    }

    private let trees = Locked<[RealtimeTarget: RealtimeNode]>([:])

    /// Nothing is known of a place that nobody listens to.
    func tree(of target: RealtimeTarget) -> RealtimeNode? { self.trees.withLock { $0[target] } }

    func begin(_ target: RealtimeTarget, with tree: RealtimeNode) { self.trees.withLock { $0[target] = tree } }

    func end(_ target: RealtimeTarget) { self.trees.withLock { $0[target] = nil } }

    /// Puts nodes at places below one.
    func change(_ target: RealtimeTarget, _ changes: [(path: ArraySlice<String>, node: RealtimeNode)]) -> Outcome {
        self.trees.withLock { trees in
            // Taken out, so that it is not copied when it changes.
            guard var tree = trees.removeValue(forKey: target) else { return .nothing }
            var isWhole = false
            var children: [String] = []
            for (path, node) in changes where !Self.isThere(node, at: path, of: tree) {
                // What was a value, or becomes one, is another thing as a whole.
                isWhole = isWhole || path.isEmpty || path.first == ".priority" || tree.leaf != nil
                tree.set(node, at: path)
                if let child = path.first, !children.contains(child) { children.append(child) }
            }
            trees[target] = tree
            return isWhole ? .whole : children.isEmpty ? .nothing : .children(children)
        }
    }

    /// Whether that is what is there already.
    private static func isThere(_ node: RealtimeNode, at path: ArraySlice<String>, of tree: RealtimeNode) -> Bool {
        guard path.last == ".priority" else { return tree.node(at: path) == node }
        return tree.node(at: path.dropLast()).priority == node.leaf
    }

    /// All that is there, as JSON that can be read again.
    func state(of target: RealtimeTarget) -> Bytes {
        Bytes(copying: RealtimeJSON.bytes(self.tree(of: target)?.exported ?? .null))
    }

    /// Some children, as an object that has null for one that is gone.
    func state(of children: [String], of target: RealtimeTarget) -> Bytes {
        let tree = self.tree(of: target)
        var members: [String: JSONValue] = [:]
        for key in children { members[key] = tree?.children[key]?.exported ?? .null }
        return Bytes(copying: RealtimeJSON.bytes(.object(members)))
    }
}
