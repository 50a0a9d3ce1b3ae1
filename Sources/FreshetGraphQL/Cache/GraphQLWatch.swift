// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A query's result in the cache, now and whenever it changes.
///
/// The first element is what there is. After that an element comes when the result is another one, or when it has gone
/// missing; changes that come faster than they are taken are one. It ends when its task is cancelled.
package struct GraphQLWatch: AsyncSequence, Sendable {
    package typealias Element = GraphQLCacheRead
    package typealias Failure = Never

    let store: GraphQLStore
    let operation: GraphQLOperation

    package func makeAsyncIterator() -> Iterator {
        let (id, changes) = self.store.beginWatching()
        return Iterator(store: self.store, operation: self.operation, id: id, changes: changes.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        let store: GraphQLStore
        let operation: GraphQLOperation
        let id: GraphQLWatches.ID
        var changes: AsyncStream<Void>.Iterator
        /// What was handed out last.
        var last: GraphQLCacheRead?

        package mutating func next() async -> GraphQLCacheRead? {
            await self.next(isolation: #isolation)
        }

        package mutating func next(isolation: isolated (any Actor)?) async -> GraphQLCacheRead? {
            while await self.changes.next(isolation: isolation) != nil {
                let read = await self.store.read(self.operation, for: self.id)
                if let last = self.last, last.isSame(as: read) { continue }
                self.last = read
                return read
            }
            return nil
        }
    }
}

extension GraphQLCacheRead {
    /// Whether a consumer would see no difference.
    func isSame(as other: GraphQLCacheRead) -> Bool {
        guard let data = self.data, let otherData = other.data else { return (self.data == nil) == (other.data == nil) }
        return data.withBytes { left in otherData.withBytes { left.elementsEqual($0) } }
    }
}
