// SPDX-License-Identifier: Apache-2.0

/// The documents of a query as a consumer has them, in its order: finds out what has changed, and where.
///
/// It belongs to one iterator.
package struct FirestoreView: Sendable {
    private let orders: [FirestoreOrder]
    private let limit: Int?
    private let isLimitedToLast: Bool
    /// All that the server has sent: for a moment there may be more than the limit.
    private var all: [String: FirestoreDocument] = [:]
    package private(set) var documents: [FirestoreDocument] = []

    package init(_ query: FirestoreStructuredQuery) {
        self.orders = query.orders
        self.limit = query.limit
        self.isLimitedToLast = query.isLimitedToLast
    }

    /// Takes the whole state instead of what there was.
    package mutating func replace(by documents: [FirestoreDocument]) -> [FirestoreDocumentChange] {
        let names = Set(documents.map(\.name.description))
        let gone = self.all.keys.filter { !names.contains($0) }
        return self.apply(documents, removed: gone)
    }

    /// Takes what has changed.
    package mutating func apply(_ changed: [FirestoreDocument], removed: [String]) -> [FirestoreDocumentChange] {
        var names = Set(removed)
        for name in removed { self.all[name] = nil }
        for document in changed {
            let name = document.name.description
            // The server may send what is there already.
            if self.all.updateValue(document, forKey: name) != document { names.insert(name) }
        }
        guard let limit, max(self.all.count, self.documents.count) >= limit else {
            return self.change(names, to: self.all)
        }
        let sorted = self.all.values.sorted { self.precedes($0, $1) }
        let shown = self.isLimitedToLast ? sorted.suffix(limit) : sorted.prefix(limit)
        let visible = Dictionary(shown.map { ($0.name.description, $0) }) { _, last in last }
        names.formUnion(visible.keys)
        names.formUnion(self.documents.map(\.name.description))
        return self.change(names, to: visible)
    }

    /// First what is gone, then what is new, then what is different, each in the query's order.
    private mutating func change(_ names: Set<String>, to now: [String: FirestoreDocument]) -> [FirestoreDocumentChange]
    {
        let candidates = self.documents.count > 64 && names.count < 8 ? nil : self.places
        var removed: [FirestoreDocument] = []
        var added: [FirestoreDocument] = []
        var modified: [(old: FirestoreDocument, new: FirestoreDocument)] = []
        for name in names {
            let place = candidates.map { $0[name] } ?? self.documents.firstIndex { $0.name.description == name }
            let old = place.map { self.documents[$0] }
            switch (old, now[name]) {
            case (let old?, let new?): if old != new { modified.append((old, new)) }
            case (let old?, nil): removed.append(old)
            case (nil, let new?): added.append(new)
            case (nil, nil): break
            }
        }
        removed.sort { self.precedes($0, $1) }
        added.sort { self.precedes($0, $1) }
        modified.sort { self.precedes($0.new, $1.new) }
        if self.documents.isEmpty {
            self.documents = added
            return added.enumerated().map {
                FirestoreDocumentChange(kind: .added, document: $1, oldIndex: nil, newIndex: $0)
            }
        }
        var changes: [FirestoreDocumentChange] = []
        for document in removed {
            let place = self.take(document)
            changes.append(.init(kind: .removed, document: document, oldIndex: place, newIndex: nil))
        }
        for document in added {
            let place = self.put(document)
            changes.append(.init(kind: .added, document: document, oldIndex: nil, newIndex: place))
        }
        for (old, new) in modified {
            let before = self.take(old)
            let after = self.put(new)
            changes.append(.init(kind: .modified, document: new, oldIndex: before, newIndex: after))
        }
        return changes
    }

    private var places: [String: Int] {
        Dictionary(self.documents.enumerated().map { ($1.name.description, $0) }) { first, _ in first }
    }

    private mutating func take(_ document: FirestoreDocument) -> Int {
        let place = self.place(of: document)
        if place < self.documents.count { self.documents.remove(at: place) }
        return place
    }

    private mutating func put(_ document: FirestoreDocument) -> Int {
        let place = self.place(of: document)
        self.documents.insert(document, at: place)
        return place
    }

    /// Where it is, or would be.
    private func place(of document: FirestoreDocument) -> Int {
        var (low, high) = (0, self.documents.count)
        while low < high {
            let middle = (low + high) / 2
            if self.precedes(self.documents[middle], document) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func precedes(_ left: FirestoreDocument, _ right: FirestoreDocument) -> Bool {
        for order in self.orders {
            let first: Int
            if order.path == .documentID {
                first = left.name.compare(to: right.name)
            } else if let leftValue = left[order.path], let rightValue = right[order.path] {
                first = leftValue.compare(to: rightValue)
            } else {
                // Fields that the query does not select are not known here.
                first = 0
            }
            if first != 0 { return order.direction == .ascending ? first < 0 : first > 0 }
        }
        return false
    }
}
