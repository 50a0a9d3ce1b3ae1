// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL

/// A cache, spoken to in text.
struct CacheDriver {
    var cache: GraphQLCache

    init(_ configuration: GraphQLCacheConfiguration = GraphQLCacheConfiguration()) {
        self.cache = GraphQLCache(configuration)
    }

    static func operation(
        _ document: String,
        _ variables: [String: JSONValue] = [:],
        named name: String? = nil
    ) throws -> GraphQLOperation {
        try GraphQLOperation(try GraphQLDocument(document), named: name, variables: variables)
    }

    static func bytes(_ text: String) -> Bytes { Bytes(copying: text.utf8) }

    /// Writes a result's `data`.
    @discardableResult
    mutating func write(
        _ document: String,
        _ data: String,
        _ variables: [String: JSONValue] = [:]
    ) throws -> Set<GraphQLCacheKey> {
        try self.respond(document, #"{"data":\#(data)}"#, variables)
    }

    /// Writes a whole response.
    @discardableResult
    mutating func respond(
        _ document: String,
        _ payload: String,
        _ variables: [String: JSONValue] = [:],
        replacing layer: UInt64? = nil
    ) throws -> Set<GraphQLCacheKey> {
        try self.cache.write(Self.bytes(payload), try Self.operation(document, variables), replacing: layer)
    }

    @discardableResult
    mutating func optimistic(_ id: UInt64, _ document: String, _ data: String) throws -> Set<GraphQLCacheKey> {
        try self.cache.writeOptimistic(id, Self.bytes(#"{"data":\#(data)}"#), try Self.operation(document))
    }

    mutating func read(_ document: String, _ variables: [String: JSONValue] = [:]) throws -> String? {
        self.cache.read(try Self.operation(document, variables)).data?.text
    }

    mutating func missing(_ document: String, _ variables: [String: JSONValue] = [:]) throws -> String? {
        self.cache.read(try Self.operation(document, variables)).missing
    }
}

func keys(_ names: String...) -> Set<GraphQLCacheKey> { Set(names.map { GraphQLCacheKey($0) }) }
