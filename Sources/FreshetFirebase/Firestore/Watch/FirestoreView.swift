// SPDX-License-Identifier: Apache-2.0

/// The documents of a query as a consumer has them, in its order: finds out what has changed, and where.
///
/// It belongs to one iterator.
package struct FirestoreView: Sendable {
    /// What decides the order of two documents: a field, or, without one, the name.
    private struct Criterion: Sendable {
        let field: FirestoreFieldPath?
        let isAscending: Bool
    }

    private let criteria: [Criterion]
    private let limit: Int?
    private let isLimitedToLast: Bool
    /// All that the server has sent: for a moment there may be more than the limit.
    private var all: [String: FirestoreDocument] = [:]
    package private(set) var documents: [FirestoreDocument] = []

    package init(_ query: FirestoreStructuredQuery) {
        self.criteria = query.orders.map {
            Criterion(field: $0.path == .documentID ? nil : $0.path, isAscending: $0.direction == .ascending)
        }
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
        // What was there before, of those that may be different now.
        var old: [String: FirestoreDocument?] = [:]
        for name in removed { old.updateValue(self.all.removeValue(forKey: name), forKey: name) }
        for document in changed {
            let name = document.name.description
            let known = self.all.updateValue(document, forKey: name)
            // The server may send what is there already, and the same document twice.
            if known != document, old[name] == nil { old.updateValue(known, forKey: name) }
        }
        guard let limit, max(self.all.count, self.documents.count) >= limit else {
            return self.change(old, to: self.all)
        }
        // What is shown is not all that there is.
        let before = Dictionary(self.documents.map { ($0.name.description, $0) }) { _, last in last }
        let sorted = self.all.values.sorted { self.precedes($0, $1) }
        let shown = self.isLimitedToLast ? sorted.suffix(limit) : sorted.prefix(limit)
        let visible = Dictionary(shown.map { ($0.name.description, $0) }) { _, last in last }
        for name in visible.keys { old.updateValue(before[name], forKey: name) }
        for (name, document) in before { old.updateValue(document, forKey: name) }
        for name in old.keys where before[name] == nil { old.updateValue(nil, forKey: name) }
        return self.change(old, to: visible)
    }

    /// First what is gone, then what is new, then what is different, each in the query's order.
    private mutating func change(
        _ old: [String: FirestoreDocument?],
        to now: [String: FirestoreDocument]
    ) -> [FirestoreDocumentChange] {
        var removed: [FirestoreDocument] = []
        var added: [FirestoreDocument] = []
        var modified: [(old: FirestoreDocument, new: FirestoreDocument)] = []
        for (name, old) in old {
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
            let before = self.place(of: old)
            let after = self.replace(at: before, by: new)
            changes.append(.init(kind: .modified, document: new, oldIndex: before, newIndex: after))
        }
        return changes
    }

    private mutating func take(_ document: FirestoreDocument) -> Int {
        let place = self.place(of: document)
        if self.isThere(document, at: place) { self.documents.remove(at: place) }
        return place
    }

    private mutating func put(_ document: FirestoreDocument) -> Int {
        let place = self.place(of: document)
        self.documents.insert(document, at: place)
        return place
    }

    /// Most changes leave a document where it is.
    private mutating func replace(at place: Int, by new: FirestoreDocument) -> Int {
        guard self.isThere(new, at: place) else { return self.put(new) }
        let isAfterTheOneBefore = place == 0 || self.precedes(self.documents[place - 1], new)
        let isBeforeTheNext = place + 1 == self.documents.count || self.precedes(new, self.documents[place + 1])
        if isAfterTheOneBefore, isBeforeTheNext {
            self.documents[place] = new
            return place
        }
        self.documents.remove(at: place)
        return self.put(new)
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

    private func isThere(_ document: FirestoreDocument, at place: Int) -> Bool {
        place < self.documents.count && self.documents[place].name == document.name
    }

    private func precedes(_ left: FirestoreDocument, _ right: FirestoreDocument) -> Bool {
        for criterion in self.criteria {
            let first: Int
            if let field = criterion.field {
                // Fields that the query does not select are not known here: they come before every value.
                switch (left[field], right[field]) {
                case (let left?, let right?): first = left.compare(to: right)
                case (nil, _?): first = -1
                case (_?, nil): first = 1
                case (nil, nil): first = 0
                }
            } else {
                first = left.name.compare(to: right.name)
            }
            if first != 0 { return criterion.isAscending ? first < 0 : first > 0 }
        }
        return false
    }
}
