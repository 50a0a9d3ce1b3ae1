// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// The cache for many tasks: what they read, write and watch.
///
/// A write tells only the watches that depend on what it changed. A watch reads for itself when its consumer is ready, so
/// it always gets the newest, and a consumer that is slow misses what was between.
package actor GraphQLStore {
    private var cache: GraphQLCache
    private var documents = GraphQLDocuments()
    private var lastOptimistic: UInt64 = 0
    private nonisolated let watches = GraphQLWatches()
    private nonisolated let clearings = Locked<UInt64>(0)

    package init(_ configuration: GraphQLCacheConfiguration = GraphQLCacheConfiguration()) {
        self.cache = GraphQLCache(configuration)
    }

    /// The operation of a document, made ready for the cache: its document's text is what is to be sent.
    ///
    /// - Throws: `.invalidInput` for what is no document, or has no such operation.
    package func operation(
        _ text: String,
        named name: String? = nil,
        variables: [String: JSONValue] = [:]
    ) throws(FreshetError) -> GraphQLOperation {
        try GraphQLOperation(try self.documents.document(text), named: name, variables: variables)
    }

    package func read(_ operation: GraphQLOperation) -> GraphQLCacheRead { self.cache.read(operation) }

    /// How often everything was forgotten. Who asks the server keeps it, and gives it back with the answer.
    package nonisolated var epoch: UInt64 { self.clearings.withLock { $0 } }

    /// As ``GraphQLCache/write(_:_:replacing:)``, and tells the watches.
    ///
    /// The epoch is that in which the server was asked; nil: the present one. If everything was forgotten since, nothing is
    /// written: the answer is perhaps another user's.
    package func write(
        _ payload: Bytes,
        _ operation: GraphQLOperation,
        replacing optimistic: UInt64? = nil,
        epoch: UInt64? = nil
    ) throws(FreshetError) {
        guard self.isCurrent(epoch) else { return }
        self.watches.tell(try self.cache.write(payload, operation, replacing: optimistic))
    }

    /// Shows what a result will probably be, in the epoch as of ``write(_:_:replacing:epoch:)``.
    ///
    /// - Returns: what to roll it back by, or to replace it by in ``write(_:_:replacing:epoch:)``.
    package func optimistic(
        _ payload: Bytes,
        _ operation: GraphQLOperation,
        epoch: UInt64? = nil
    ) throws(FreshetError) -> UInt64 {
        self.lastOptimistic += 1
        guard self.isCurrent(epoch) else { return self.lastOptimistic }
        self.watches.tell(try self.cache.writeOptimistic(self.lastOptimistic, payload, operation))
        return self.lastOptimistic
    }

    package func rollback(_ optimistic: UInt64) {
        self.watches.tell(self.cache.rollback(optimistic))
    }

    /// Forgets an object (`Item:1`), or a field of the query's root (`Query.item(id:"1")`).
    package func evict(_ name: String) {
        self.watches.tell(self.cache.evict(name))
    }

    /// Forgets everything, and what is still on its way.
    package func clear() {
        self.clearings.withLock { $0 += 1 }
        self.cache.clear()
        self.watches.tellAll()
    }

    private func isCurrent(_ epoch: UInt64?) -> Bool { epoch == nil || epoch == self.epoch }

    // MARK: - Watching

    /// What a query's result is, now and whenever it changes. Each iteration begins anew.
    package nonisolated func watch(_ operation: GraphQLOperation) -> GraphQLWatch {
        GraphQLWatch(store: self, operation: operation)
    }

    nonisolated func beginWatching() -> (id: GraphQLWatches.ID, changes: AsyncStream<Void>) {
        self.watches.begin()
    }

    /// Reads for a watch, which is told from now on when that changes.
    func read(_ operation: GraphQLOperation, for watch: GraphQLWatches.ID) -> GraphQLCacheRead {
        let read = self.cache.read(operation, tracks: true)
        self.watches.set(Set(read.dependencies), of: watch)
        return read
    }

    /// How many watches there are, and how often one was told to look.
    package nonisolated var watchCount: Int { self.watches.count }
    package nonisolated var toldCount: Int { self.watches.toldCount }
}
