// SPDX-License-Identifier: Apache-2.0

/// Compares the documents that a consumer holds with what is published, and says in the words of histories what came.
///
/// What each key has to be is known of every place, for the numbers of a key's elements are. So a state says by itself up to which place
/// everything is in it; whatever it has beyond that came without what was before.
package struct StateLedger: Sendable {
    /// What the consumer holds, by keys.
    private var held: [Int: PublishedElement] = [:]
    /// The newest place that was told.
    private var last = 0

    package init() {}

    /// The whole state, in place of what was held.
    package mutating func replace(by elements: [PublishedElement]) -> [Observed] {
        self.held = Dictionary(elements.map { ($0.key, $0) }) { $1 }
        let covered = self.covered
        let beyond = elements.filter { $0.n > covered }
        self.last = max(covered, beyond.map(\.n).max() ?? 0)
        return [.snapshot(covers: covered)] + Self.lines(beyond)
    }

    /// What has changed, all at once.
    package mutating func change(_ elements: [PublishedElement], removed keys: [Int]) -> [Observed] {
        // That a document is gone says which element it was: the next one of its key, if nothing was passed over.
        let removals = keys.compactMap { self.held.removeValue(forKey: $0)?.next }
        for element in elements { self.held[element.key] = element }
        let changes = (elements + removals).sorted { $0.n < $1.n }
        guard let first = changes.first, let newest = changes.last else { return [] }
        let before = self.last
        let isOld = first.n <= before
        // One after another, or such as should not have come.
        if isOld || newest.n - before == changes.count {
            self.last = max(before, newest.n)
            return Self.lines(changes)
        }
        let covered = self.covered
        let beyond = changes.filter { $0.n > max(covered, before) }
        self.last = max(before, covered, beyond.last?.n ?? 0)
        return (covered > before ? [.snapshot(covers: covered)] : []) + Self.lines(beyond)
    }

    /// The whole state, of which only what differs is new.
    package mutating func become(_ elements: [PublishedElement]) -> [Observed] {
        let keys = Set(elements.map(\.key))
        let new = elements.filter { self.held[$0.key] != $0 }
        let removed = self.held.keys.filter { !keys.contains($0) }
        // Told again, and nothing is different: it came twice.
        guard !new.isEmpty || !removed.isEmpty else { return Self.lines([PublishedElement(self.last)]) }
        return self.change(new, removed: removed)
    }

    /// The place up to which everything is in what is held.
    private var covered: Int {
        var newest = self.held.values.map(\.n).max() ?? 0
        // What is gone has no number to be seen: the removal that is due may be in it.
        let due = PublishedElement(newest + 1)
        if due.isRemoval, self.held[due.key] == nil { newest += 1 }
        guard newest > 0 else { return 0 }
        let missing = (max(1, newest - PublishedElement.keys + 1)...newest).first { n in
            let element = PublishedElement(n)
            return self.held[element.key] != (element.isRemoval ? nil : element)
        }
        return missing.map { $0 - 1 } ?? newest
    }

    private static func lines(_ elements: [PublishedElement]) -> [Observed] {
        elements.map { .element(n: $0.n, key: "\($0.key)", k: $0.k) }
    }
}
