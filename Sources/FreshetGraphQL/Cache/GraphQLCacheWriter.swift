// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Takes one result apart: each object that has a key becomes a record, and a reference where it stood.
///
/// One walk through the text. An object's ``GraphQLBody`` grows at the end of `scratch`; when the object is complete and has a
/// key, it goes into the records, and the reference takes its place.
struct GraphQLCacheWriter {
    /// How deep lists may be in one another, objects counted too. What is deeper does not count as a value.
    private static let depthLimit = 2 * GraphQLDocument.depthLimit

    private var json: JSONCursor
    private var plan: GraphQLPlan
    private let errors: GraphQLErrorPaths
    private let identity: (@Sendable (String, [String: JSONValue]) -> String?)?
    private var scratch: [UInt8] = []
    /// The key of the object that was read last.
    private var key: [UInt8] = []
    /// The type of the object that was read last, whose neighbours are often of the same.
    private var type: UInt32 = 0
    private(set) var changed: Set<GraphQLCacheKey> = []

    init(
        _ json: [UInt8],
        data: Range<Int>,
        errors: GraphQLErrorPaths,
        plan: GraphQLPlan,
        identity: (@Sendable (String, [String: JSONValue]) -> String?)?
    ) {
        self.json = JSONCursor(bytes: json, position: data.lowerBound)
        self.errors = errors
        self.plan = plan
        self.identity = identity
    }

    /// Writes the result. Of mutations and subscriptions the objects are kept, but not what they were asked by.
    mutating func write(into records: inout GraphQLRecords, _ vocabulary: inout GraphQLVocabulary) {
        guard self.json.first == UInt8(ascii: "{") else { return }
        let isQuery = self.plan.operation.definition.kind == .query
        let shape = self.shape(of: GraphQLPlan.root, type: 0, &vocabulary)
        var hint = shape.lowerBound
        self.json.enter()
        while let key = self.json.nextKey() {
            guard let index = self.field(key, shape, &hint) else {
                self.json.skipValue()
                continue
            }
            let field = self.plan.fields[index]
            self.scratch.removeAll(keepingCapacity: true)
            self.scratch.append(0)
            GraphQLBody.append(Int(field.number), to: &self.scratch)
            let place = self.errors.below(self.errors.root, key: key, of: self.json.bytes)
            guard self.value(field.selection, place, depth: 1, &records, &vocabulary), isQuery else { continue }
            let name = GraphQLCacheKey(self.plan.text, field.storage)
            let body = 0..<self.scratch.count
            if records.merge(name, self.plan.text, field.storage, body: self.scratch, body) {
                self.changed.insert(name)
            }
        }
        self.changed.formUnion(self.plan.learned)
    }

    /// Appends the value at the position, and goes behind it.
    ///
    /// - Returns: false when it is none that can be kept; then nothing was appended.
    private mutating func value(
        _ selection: Int?,
        _ place: GraphQLErrorPaths.Place?,
        depth: Int,
        _ records: inout GraphQLRecords,
        _ vocabulary: inout GraphQLVocabulary
    ) -> Bool {
        let first = self.json.first
        guard self.errors.isValue(at: place, isNull: first == UInt8(ascii: "n")) else {
            self.json.skipValue()
            return false
        }
        guard let selection, first != UInt8(ascii: "n") else {
            let range = self.json.skipValue()
            GraphQLBody.append(.scalar, count: range.count, to: &self.scratch)
            self.scratch += self.json.bytes[range]
            return true
        }
        if depth <= Self.depthLimit {
            if first == UInt8(ascii: "{") {
                self.object(selection, place, depth: depth, &records, &vocabulary)
                return true
            }
            if first == UInt8(ascii: "[") { return self.list(selection, place, depth: depth, &records, &vocabulary) }
        }
        self.json.skipValue()
        return false
    }

    /// A list counts when all of its elements do; the objects in it are kept in any case.
    private mutating func list(
        _ selection: Int,
        _ place: GraphQLErrorPaths.Place?,
        depth: Int,
        _ records: inout GraphQLRecords,
        _ vocabulary: inout GraphQLVocabulary
    ) -> Bool {
        let start = self.scratch.count
        var isWhole = true
        var index = 0
        GraphQLBody.begin(.list, in: &self.scratch)
        self.json.enter()
        while self.json.nextElement() {
            let element = self.errors.below(place, index: index)
            if !self.value(selection, element, depth: depth + 1, &records, &vocabulary) { isWhole = false }
            index += 1
        }
        if isWhole {
            GraphQLBody.end(at: start, in: &self.scratch)
        } else {
            self.scratch.removeLast(self.scratch.count - start)
        }
        return isWhole
    }

    private mutating func object(
        _ selection: Int,
        _ place: GraphQLErrorPaths.Place?,
        depth: Int,
        _ records: inout GraphQLRecords,
        _ vocabulary: inout GraphQLVocabulary
    ) {
        let start = self.scratch.count
        GraphQLBody.begin(.object, in: &self.scratch)
        let body = self.scratch.count
        let type = self.typename(&vocabulary)
        GraphQLBody.append(Int(type), to: &self.scratch)
        let shape = self.shape(of: selection, type: type, &vocabulary)
        var hint = shape.lowerBound
        var (id, otherID): (Range<Int>?, Range<Int>?)
        self.json.enter()
        while let key = self.json.nextKey() {
            guard let index = self.field(key, shape, &hint), !self.plan.fields[index].isTypename else {
                self.json.skipValue()
                continue
            }
            let field = self.plan.fields[index]
            let before = self.scratch.count
            self.appendName(of: field)
            let value = self.json.position
            let below = self.errors.below(place, key: key, of: self.json.bytes)
            if !self.value(field.selection, below, depth: depth + 1, &records, &vocabulary) {
                self.scratch.removeLast(self.scratch.count - before)
            } else if field.number == GraphQLVocabulary.id {
                id = value..<self.json.position
            } else if field.number == GraphQLVocabulary.underscoreID {
                otherID = value..<self.json.position
            }
        }
        guard type != 0, self.makeKey(type, id ?? otherID, body: body, vocabulary) else {
            GraphQLBody.end(at: start, in: &self.scratch)
            return
        }
        let key = GraphQLCacheKey(self.key)
        if records.merge(key, self.key, 0..<self.key.count, body: self.scratch, body..<self.scratch.count) {
            self.changed.insert(key)
        }
        self.scratch.removeLast(self.scratch.count - start)
        GraphQLBody.append(.reference, count: self.key.count, to: &self.scratch)
        self.scratch += self.key
    }

    private mutating func appendName(of field: GraphQLPlan.Field) {
        GraphQLBody.append(Int(field.number), to: &self.scratch)
        guard field.number == 0 else { return }
        GraphQLBody.append(field.storage.count, to: &self.scratch)
        self.scratch += self.plan.text[field.storage]
    }

    // MARK: - What the object is

    /// The number of the type of the object at the position; 0: it does not say.
    private mutating func typename(_ vocabulary: inout GraphQLVocabulary) -> UInt32 {
        guard let range = self.typenameRange() else { return 0 }
        let text = vocabulary.types.texts[Int(self.type)]
        if !GraphQLBody.isSame(text, 0..<text.count, self.json.bytes, range) {
            self.type = vocabulary.types.number(String(decoding: self.json.bytes[range], as: UTF8.self))
            vocabulary.saw(self.type)
        }
        return self.type
    }

    /// Where the type's name is, between its quotes. The server is asked for it first, so that is where it is looked for.
    private func typenameRange() -> Range<Int>? {
        var cursor = self.json
        cursor.enter()
        while let key = cursor.nextKey() {
            let value = cursor.skipValue()
            guard cursor.bytes[key].elementsEqual("__typename".utf8) else { continue }
            let name = value.dropFirst().dropLast()
            // What is no name could be taken for another key.
            return !name.isEmpty && name.allSatisfy { Self.isNamePart(cursor.bytes[$0]) } ? name : nil
        }
        return nil
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || byte == UInt8(ascii: "_")
            || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
    }

    /// Makes the key of the object whose body ends the scratch; false when it has none.
    private mutating func makeKey(
        _ type: UInt32,
        _ id: Range<Int>?,
        body: Int,
        _ vocabulary: GraphQLVocabulary
    ) -> Bool {
        let typename = vocabulary.types.texts[Int(type)]
        self.key.removeAll(keepingCapacity: true)
        self.key += typename
        self.key.append(UInt8(ascii: ":"))
        if let identity = self.identity {
            let fields = self.scalars(body: body, vocabulary)
            guard let id = identity(String(decoding: typename, as: UTF8.self), fields) else { return false }
            self.key += id.utf8
            return true
        }
        guard let id else { return false }
        switch self.json.bytes[id.lowerBound] {
        case UInt8(ascii: "\""): self.key += self.json.bytes[id.lowerBound + 1..<id.upperBound - 1]
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): self.key += self.json.bytes[id]
        default: return false
        }
        return true
    }

    private func scalars(body: Int, _ vocabulary: GraphQLVocabulary) -> [String: JSONValue] {
        var scalars: [String: JSONValue] = [:]
        var position = body
        _ = GraphQLBody.number(self.scratch, &position)
        while position < self.scratch.count {
            let field = GraphQLBody.field(self.scratch, &position)
            guard field.value.kind == .scalar, field.number != 0 else { continue }
            let name = String(decoding: vocabulary.fields.texts[Int(field.number)], as: UTF8.self)
            let json = self.scratch[field.value.contents]
            switch json.first {
            case UInt8(ascii: "{"), UInt8(ascii: "["): continue
            case UInt8(ascii: "n"): scalars[name] = .null
            case UInt8(ascii: "t"), UInt8(ascii: "f"): scalars[name] = .bool(json.first == UInt8(ascii: "t"))
            default: scalars[name] = JSONValue(scalar: Bytes(copying: json))
            }
        }
        return scalars
    }

    // MARK: - The plan

    private mutating func shape(
        of selection: Int,
        type: UInt32,
        _ vocabulary: inout GraphQLVocabulary
    ) -> Range<Int> {
        do throws(GraphQLPlan.Unknown) {
            return try self.plan.shape(of: selection, type: type, object: self.json, &vocabulary)
        } catch {
            // With an object's keys at hand everything can be decided.
            return 0..<0
        }
    }

    /// The field that a key of the result belongs to. They come in the order in which they were selected, most often.
    private func field(_ key: Range<Int>, _ shape: Range<Int>, _ hint: inout Int) -> Int? {
        for _ in shape {
            let index = hint
            hint = hint + 1 < shape.upperBound ? hint + 1 : shape.lowerBound
            let response = self.plan.fields[index].response
            let name = response.lowerBound + 1..<response.upperBound - 2
            if GraphQLBody.isSame(self.json.bytes, key, self.plan.text, name) { return index }
        }
        return nil
    }
}
