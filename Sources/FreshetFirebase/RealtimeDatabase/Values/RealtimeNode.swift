// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetTransport

/// What is at one place of a database: nothing, a value, or children; and its priority.
package struct RealtimeNode: Sendable, Hashable {
    package private(set) var leaf: RealtimeLeaf?
    package private(set) var children: [String: RealtimeNode] = [:]
    package private(set) var priority: RealtimeLeaf?

    /// Nothing.
    package init() {}

    /// Makes a node as the server sends it: with `.value` and `.priority` where there is a priority, and with arrays for children
    /// that are numbered.
    package init(_ json: JSONValue) {
        guard case .object(let members) = json else {
            self.init(content: json)
            return
        }
        self.init(content: members[".value"].flatMap { $0 == .null ? nil : $0 } ?? json)
        if !self.isEmpty { self.priority = members[".priority"].flatMap { RealtimeLeaf($0) } }
    }

    private init(content json: JSONValue) {
        switch json {
        case .array(let elements):
            for (place, element) in elements.enumerated() { self.add(RealtimeNode(element), String(place)) }
        case .object(let members):
            for (key, member) in members where !key.hasPrefix(".") { self.add(RealtimeNode(member), key) }
        default:
            self.leaf = RealtimeLeaf(json)
        }
    }

    private mutating func add(_ child: RealtimeNode, _ key: String) {
        if !child.isEmpty { self.children[key] = child }
    }

    package var isEmpty: Bool { self.leaf == nil && self.children.isEmpty }

    /// What is at a place below.
    package func node(at path: some Sequence<String>) -> RealtimeNode {
        var node = self
        for key in path {
            guard let child = node.children[key] else { return RealtimeNode() }
            node = child
        }
        return node
    }

    /// Puts a node at a place below; nothing there takes what was there away, and what is empty then. `.priority` at the end of a
    /// path is the priority of what is before it.
    package mutating func set(_ node: RealtimeNode, at path: ArraySlice<String>) {
        guard let key = path.first else {
            self = node
            return
        }
        if key == ".priority" {
            self.priority = self.isEmpty ? nil : node.leaf
            return
        }
        if self.leaf != nil {
            // A value has no children to be taken away.
            guard !node.isEmpty else { return }
            self.leaf = nil
        }
        // Taken out, so that it is not copied when it changes.
        var child = self.children.removeValue(forKey: key) ?? RealtimeNode()
        child.set(node, at: path.dropFirst())
        self.add(child, key)
        if self.isEmpty { self.priority = nil }
    }

    // MARK: - JSON

    /// As a user sees it: children that are numbered with few holes are an array, with nulls for the holes.
    package var json: JSONValue {
        if let leaf = self.leaf { return leaf.json }
        guard !self.children.isEmpty else { return .null }
        return self.array ?? .object(self.children.mapValues(\.json))
    }

    /// The same without arrays: for who knows that the keys are names.
    package var jsonOfObjects: JSONValue {
        if let leaf = self.leaf { return leaf.json }
        return self.children.isEmpty ? .null : .object(self.children.mapValues(\.jsonOfObjects))
    }

    /// With all priorities, and without arrays: what can be read again.
    package var exported: JSONValue {
        if let leaf = self.leaf {
            return self.priority.map { .object([".value": leaf.json, ".priority": $0.json]) } ?? leaf.json
        }
        guard !self.children.isEmpty else { return .null }
        var members = self.children.mapValues(\.exported)
        if let priority = self.priority { members[".priority"] = priority.json }
        return .object(members)
    }

    private var array: JSONValue? {
        var largest = 0
        for key in self.children.keys {
            guard let place = RealtimeKey.place(key), place < 2 * self.children.count else { return nil }
            largest = max(largest, place)
        }
        return .array((0...largest).map { self.children[String($0)]?.json ?? .null })
    }

    // MARK: - Order and hash

    /// The children in the order of priorities, and of keys where those are equal: that of the hash.
    private var inOrder: [(key: String, node: RealtimeNode)] {
        self.children.map { (key: $0.key, node: $0.value) }.sorted { left, right in
            left.node.priority == right.node.priority
                ? RealtimeKey.areInOrder(left.key, right.key)
                : RealtimeOrder.isBefore(left.node.priority, right.node.priority)
        }
    }

    /// What the server compares with: empty for nothing, otherwise the SHA-1 of a text, in base 64.
    package var hash: String {
        guard !self.isEmpty else { return "" }
        var text = self.priority.map { "priority:\($0.hashText):" } ?? ""
        if let leaf = self.leaf {
            text += leaf.hashText
        } else {
            for (key, child) in self.inOrder { text += ":\(key):\(child.hash)" }
        }
        return SHA1.base64(of: Array(text.utf8))
    }
}
