// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Who is to be told when which keys change.
///
/// Only `GraphQLStore` tells and sets, one after the other; iterations begin and end anywhere.
final class GraphQLWatches: Sendable {
    typealias ID = UInt64

    private struct Watch {
        let changes: AsyncStream<Void>.Continuation
        var dependencies: Set<GraphQLCacheKey> = []
    }

    private struct State {
        var watches: [ID: Watch] = [:]
        var dependents: [GraphQLCacheKey: Set<ID>] = [:]
        var last: ID = 0
        var toldCount = 0

        mutating func set(_ dependencies: Set<GraphQLCacheKey>, of id: ID) {
            guard let old = self.watches[id]?.dependencies, old != dependencies else { return }
            for key in old.subtracting(dependencies) {
                self.dependents[key]?.remove(id)
                if self.dependents[key]?.isEmpty == true { self.dependents[key] = nil }
            }
            for key in dependencies.subtracting(old) { self.dependents[key, default: []].insert(id) }
            self.watches[id]?.dependencies = dependencies
        }

        func ids(_ changed: Set<GraphQLCacheKey>) -> Set<ID> {
            // Whichever there are fewer of.
            guard changed.count > self.dependents.count else {
                return changed.reduce(into: []) { $0.formUnion(self.dependents[$1] ?? []) }
            }
            return self.dependents.reduce(into: []) { if changed.contains($1.key) { $0.formUnion($1.value) } }
        }
    }

    private let state = Locked(State())

    var toldCount: Int { self.state.withLock { $0.toldCount } }

    var count: Int { self.state.withLock { $0.watches.count } }

    /// A new watch that depends on nothing yet. It ends with the stream, and has been told once, so that it begins.
    func begin() -> (id: ID, changes: AsyncStream<Void>) {
        // Told twice before it looks is told once.
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = self.state.withLock { state in
            state.last += 1
            state.watches[state.last] = Watch(changes: continuation)
            state.toldCount += 1
            return state.last
        }
        continuation.onTermination = { [weak self] _ in self?.end(id) }
        continuation.yield()
        return (id, changes)
    }

    /// What the watch depends on from now on.
    func set(_ dependencies: Set<GraphQLCacheKey>, of id: ID) {
        self.state.withLock { $0.set(dependencies, of: id) }
    }

    func tell(_ changed: Set<GraphQLCacheKey>) {
        guard !changed.isEmpty else { return }
        let told = self.state.withLock { state in
            let told = state.ids(changed).compactMap { state.watches[$0]?.changes }
            state.toldCount += told.count
            return told
        }
        for changes in told { changes.yield() }
    }

    func tellAll() {
        let told = self.state.withLock { $0.watches.values.map(\.changes) }
        for changes in told { changes.yield() }
    }

    private func end(_ id: ID) {
        // Given out so that it is released outside the lock.
        _ = self.state.withLock { state in
            state.set([], of: id)
            return state.watches.removeValue(forKey: id)?.changes
        }
    }
}
