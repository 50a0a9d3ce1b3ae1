// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FoundationEssentials

/// The results of GraphQL operations, taken apart into objects: what one result says of an object, all others show too.
///
/// An object is known by its type and identity (`Item:1`); one without stays within its parent. The fields of the query's root
/// are each a record of its own (`Query.item(id:"1")`). Texts and numbers are kept and given back as they came.
///
/// Optimistic results lie above what the server said, in the order in which they came, until they are rolled back.
package struct GraphQLCache: Sendable {
    /// More is not a result that anybody wants to keep, and lengths are 32 bits.
    private static let resultLimit = 1 << 30

    private struct Layer: Sendable {
        let id: UInt64
        var records: GraphQLRecords
        let changed: Set<GraphQLCacheKey>
    }

    private let configuration: GraphQLCacheConfiguration
    var vocabulary = GraphQLVocabulary()
    private var records: GraphQLRecords
    private var layers: [Layer] = []

    package init(_ configuration: GraphQLCacheConfiguration = GraphQLCacheConfiguration()) {
        self.configuration = configuration
        self.records = GraphQLRecords(limit: max(0, configuration.byteLimit))
    }

    /// How many records there are, and about how many bytes they take. Optimistic ones are not among them.
    package var count: Int { self.records.count }
    package var byteCount: Int { self.records.byteCount }

    // MARK: - Results

    /// Takes in what the server said. Where it says that something went wrong nothing is written.
    ///
    /// - Parameters:
    ///   - payload: the response: an object with `data` and, maybe, `errors`.
    ///   - operation: what it answers.
    ///   - layer: the optimistic result that it takes the place of, in the same step.
    /// - Returns: the keys of what is different now.
    /// - Throws: `.protocolViolation` when it is not JSON; then nothing was changed.
    package mutating func write(
        _ payload: Bytes,
        _ operation: GraphQLOperation,
        replacing layer: UInt64? = nil
    ) throws(FreshetError) -> Set<GraphQLCacheKey> {
        var writer = try self.writer(payload, operation, learns: true)
        writer?.write(into: &self.records, &self.vocabulary)
        self.records.trim()
        let rolledBack = layer.map { self.rollback($0) } ?? []
        return (writer?.changed ?? []).union(rolledBack)
    }

    /// Reads what would be the result of a query.
    ///
    /// - Parameters:
    ///   - operation: the query. Mutations and subscriptions are never there.
    ///   - tracks: whether to say what the result depends on.
    /// - Returns: the result, or what is missing.
    package mutating func read(_ operation: GraphQLOperation, tracks: Bool = false) -> GraphQLCacheRead {
        guard operation.definition.kind == .query else {
            return GraphQLCacheRead(data: nil, missing: "only queries are kept", dependencies: [])
        }
        var reader = GraphQLCacheReader(operation, tracks: tracks)
        do throws(GraphQLCacheReader.Missing) {
            try reader.read(&self)
            return GraphQLCacheRead(
                data: Bytes(copying: reader.json),
                missing: nil,
                dependencies: reader.dependencies
            )
        } catch {
            return GraphQLCacheRead(data: nil, missing: error.words, dependencies: reader.dependencies)
        }
    }

    // MARK: - Optimistic results

    /// Shows what a result will probably be, above everything that is there.
    ///
    /// - Parameters:
    ///   - id: what to roll it back by; an earlier one of the same id is replaced.
    ///   - payload: as of ``write(_:_:replacing:)``; fields that are not in it stay as they are.
    ///   - operation: what it answers.
    /// - Returns: the keys of what may look different now.
    /// - Throws: `.protocolViolation` when it is not JSON; then nothing was changed.
    package mutating func writeOptimistic(
        _ id: UInt64,
        _ payload: Bytes,
        _ operation: GraphQLOperation
    ) throws(FreshetError) -> Set<GraphQLCacheKey> {
        var writer = try self.writer(payload, operation, learns: false)
        var records = GraphQLRecords(limit: .max)
        writer?.write(into: &records, &self.vocabulary)
        let changed = writer?.changed ?? []
        let replaced = self.rollback(id)
        self.layers.append(Layer(id: id, records: records, changed: changed))
        return changed.union(replaced)
    }

    /// Takes an optimistic result back. What the server said meanwhile stays.
    ///
    /// - Returns: the keys of what may look different now; none when there is no such result.
    package mutating func rollback(_ id: UInt64) -> Set<GraphQLCacheKey> {
        guard let index = self.layers.firstIndex(where: { $0.id == id }) else { return [] }
        return self.layers.remove(at: index).changed
    }

    // MARK: - Letting go

    /// Forgets one object, or one field of the query's root.
    ///
    /// - Returns: its key, if it was there.
    package mutating func evict(_ name: String) -> Set<GraphQLCacheKey> {
        let bytes = Array(name.utf8)
        let key = GraphQLCacheKey(bytes)
        guard let slot = self.records.find(key, bytes, 0..<bytes.count) else { return [] }
        self.records.remove(slot)
        return [key]
    }

    /// Forgets everything: at a logout, for instance. Optimistic results go too.
    package mutating func clear() {
        self = GraphQLCache(self.configuration)
    }

    // MARK: - Within

    /// The object with this key as it looks through all layers.
    mutating func find(
        _ key: GraphQLCacheKey,
        _ bytes: [UInt8],
        _ range: Range<Int>
    ) -> (blob: [UInt8], body: Range<Int>)? {
        var found: (blob: [UInt8], body: Range<Int>)?
        if let slot = self.records.find(key, bytes, range) {
            self.records.touch(slot)
            let blob = self.records.blob(slot)
            found = (blob, GraphQLRecords.body(of: blob))
        }
        for layer in self.layers {
            guard let slot = layer.records.find(key, bytes, range) else { continue }
            let blob = layer.records.blob(slot)
            let body = GraphQLRecords.body(of: blob)
            guard let below = found else {
                found = (blob, body)
                continue
            }
            var merged: [UInt8] = []
            _ = GraphQLBody.merge(below.blob, below.body, blob, body, into: &merged)
            found = (merged, 0..<merged.count)
        }
        return found
    }

    /// Finds `data` and `errors`; nil when there is no data.
    private func writer(
        _ payload: Bytes,
        _ operation: GraphQLOperation,
        learns: Bool
    ) throws(FreshetError) -> GraphQLCacheWriter? {
        guard payload.count <= Self.resultLimit else {
            throw FreshetError(.messageTooLarge, "a result of more than \(Self.resultLimit) bytes is not cached")
        }
        let json = payload.array
        var data: Range<Int>?
        var errors: [GraphQLError] = []
        for member in try JSONCheck.run(json) {
            if json[member.key].elementsEqual("data".utf8) {
                data = member.value
            } else if json[member.key].elementsEqual("errors".utf8), json[member.value.lowerBound] != UInt8(ascii: "n")
            {
                errors = GraphQLError.list(from: Array(json[member.value]))
            }
        }
        guard let data else { return nil }
        return GraphQLCacheWriter(
            json,
            data: data,
            errors: GraphQLErrorPaths(errors),
            plan: GraphQLPlan(operation, learns: learns),
            identity: self.configuration.identity
        )
    }
}

extension GraphQLCacheReader.Missing {
    var words: String {
        switch self {
        case .record(let key): "\(key) is not in the cache"
        case .field(let field): "the field \(field) is not in the cache"
        case .condition: "whether a fragment applies is not known yet"
        }
    }
}
