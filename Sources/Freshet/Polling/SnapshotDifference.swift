// SPDX-License-Identifier: Apache-2.0

/// What has changed from one list to the next, by key: for sources that are told the whole state and hand out changes.
///
/// The order is always the same for the same lists: first what was removed, in the order of the old list, then what was added
/// or changed, in the order of the new one. Moving alone is no change.
public struct SnapshotDifference<Key: Hashable & Sendable, Value: Equatable & Sendable>: Sendable {
    /// What has become of one key.
    public enum Change: Sendable, Equatable {
        /// It is new.
        case added(Key, Value)
        /// It has another value now.
        case changed(Key, from: Value, to: Value)
        /// It is gone.
        case removed(Key, Value)
    }

    private var order: [Key] = []
    private var values: [Key: Value] = [:]

    /// Begins with nothing: the first list is all new.
    public init() {}

    /// The present list, as it was given last.
    public var elements: [(key: Key, value: Value)] {
        self.order.compactMap { key in self.values[key].map { (key, $0) } }
    }

    /// Takes a new list in place of the present one.
    ///
    /// - Parameter list: the whole state. Of a key that is in it twice the last value counts, at the place of the first.
    /// - Returns: what has changed.
    public mutating func update(to list: some Sequence<(Key, Value)>) -> [Change] {
        var next = SnapshotDifference()
        for (key, value) in list where next.values.updateValue(value, forKey: key) == nil { next.order.append(key) }
        let removed = self.elements.filter { next.values[$0.key] == nil }.map { Change.removed($0.key, $0.value) }
        let others = next.elements.compactMap { key, value -> Change? in
            guard let old = self.values[key] else { return .added(key, value) }
            return old == value ? nil : .changed(key, from: old, to: value)
        }
        self = next
        return removed + others
    }
}
