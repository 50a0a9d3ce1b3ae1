// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Puts a result together again from the records, in the order of the selection.
struct GraphQLCacheReader {
    /// Something is not there: a partial result is none.
    enum Missing: Error {
        /// The object, or the field of the query.
        case record(String)
        /// The field of an object.
        case field(String)
        /// Whether an object of the type meets a fragment's condition is not known.
        case condition
    }

    private var plan: GraphQLPlan
    private let tracks: Bool
    private(set) var json: [UInt8] = []
    /// What was looked at, up to where something was missing; a key may come several times.
    private(set) var dependencies: [GraphQLCacheKey] = []

    /// When it `tracks`, it says what the result depends on.
    init(_ operation: GraphQLOperation, tracks: Bool) {
        self.plan = GraphQLPlan(operation, learns: false)
        self.tracks = tracks
    }

    mutating func read(_ cache: inout GraphQLCache) throws(Missing) {
        let shape = try self.shape(of: GraphQLPlan.root, type: 0, &cache)
        self.json.append(UInt8(ascii: "{"))
        for index in shape {
            let field = self.plan.fields[index]
            if index > shape.lowerBound { self.json.append(UInt8(ascii: ",")) }
            self.json += self.plan.text[field.response]
            let (blob, body) = try self.find(self.plan.text, field.storage, &cache)
            var position = body.lowerBound
            _ = GraphQLBody.number(blob, &position)
            let value = GraphQLBody.field(blob, &position).value
            guard try self.append(value, of: blob, field.selection, &cache) else {
                throw .record(String(decoding: self.plan.text[field.storage], as: UTF8.self))
            }
        }
        self.json.append(UInt8(ascii: "}"))
    }

    private mutating func find(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        _ cache: inout GraphQLCache
    ) throws(Missing) -> (blob: [UInt8], body: Range<Int>) {
        let key = GraphQLCacheKey(bytes, range)
        if self.tracks { self.dependencies.append(key) }
        guard let found = cache.find(key, bytes, range) else {
            throw .record(String(decoding: bytes[range], as: UTF8.self))
        }
        return found
    }

    private mutating func append(
        _ value: GraphQLBody.Value,
        of blob: [UInt8],
        _ selection: Int?,
        _ cache: inout GraphQLCache
    ) throws(Missing) -> Bool {
        switch value.kind {
        case .scalar:
            guard selection == nil || blob[value.contents.lowerBound] == UInt8(ascii: "n") else { return false }
            self.json += blob[value.contents]
        case .reference:
            guard let selection else { return false }
            let (other, body) = try self.find(blob, value.contents, &cache)
            try self.object(other, body, selection, &cache)
        case .object:
            guard let selection else { return false }
            try self.object(blob, value.contents, selection, &cache)
        case .list:
            guard let selection else { return false }
            self.json.append(UInt8(ascii: "["))
            var position = value.contents.lowerBound
            while position < value.contents.upperBound {
                if position > value.contents.lowerBound { self.json.append(UInt8(ascii: ",")) }
                let element = GraphQLBody.value(blob, &position)
                guard try self.append(element, of: blob, selection, &cache) else { return false }
            }
            self.json.append(UInt8(ascii: "]"))
        }
        return true
    }

    private mutating func object(
        _ blob: [UInt8],
        _ body: Range<Int>,
        _ selection: Int,
        _ cache: inout GraphQLCache
    ) throws(Missing) {
        var position = body.lowerBound
        let type = UInt32(truncatingIfNeeded: GraphQLBody.number(blob, &position))
        let fields = position..<body.upperBound
        let shape = try self.shape(of: selection, type: type, &cache)
        self.json.append(UInt8(ascii: "{"))
        for index in shape {
            let field = self.plan.fields[index]
            if index > shape.lowerBound { self.json.append(UInt8(ascii: ",")) }
            self.json += self.plan.text[field.response]
            if field.isTypename {
                guard type != 0 else { throw .field("__typename") }
                self.json.append(UInt8(ascii: "\""))
                self.json += cache.vocabulary.types.texts[Int(type)]
                self.json.append(UInt8(ascii: "\""))
                continue
            }
            let found = GraphQLBody.find(
                field.number,
                self.plan.text,
                field.storage,
                in: blob,
                fields,
                from: &position
            )
            guard let found, try self.append(found.value, of: blob, field.selection, &cache) else {
                let typename = String(decoding: cache.vocabulary.types.texts[Int(type)], as: UTF8.self)
                throw .field("\(typename).\(String(decoding: self.plan.text[field.storage], as: UTF8.self))")
            }
        }
        self.json.append(UInt8(ascii: "}"))
    }

    private mutating func shape(
        of selection: Int,
        type: UInt32,
        _ cache: inout GraphQLCache
    ) throws(Missing) -> Range<Int> {
        do throws(GraphQLPlan.Unknown) {
            return try self.plan.shape(of: selection, type: type, object: nil, &cache.vocabulary)
        } catch {
            if self.tracks { self.dependencies.append(cache.vocabulary.key(error.type, error.condition)) }
            throw .condition
        }
    }
}
