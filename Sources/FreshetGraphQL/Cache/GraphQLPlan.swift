// SPDX-License-Identifier: Apache-2.0

import Freshet

/// What an operation selects, for each type of object that comes up: made as it is needed, for one write or read.
///
/// Fields are collected as in 6.3.2 of the specification: fragments are put in where the type meets their condition, and
/// what is selected twice is one field.
struct GraphQLPlan {
    struct Field {
        /// `"name":` in ``text``, ready to be written.
        let response: Range<Int>
        /// The field's number; 0: it is stored by its key.
        let number: UInt32
        /// The storage key in ``text``; at the root, the key of the record.
        let storage: Range<Int>
        /// Of its subfields; nil: it has none.
        let selection: Int?
        let isTypename: Bool
    }

    /// A place in the result. What several fields of the same name select is one.
    private struct Selection {
        let sets: [[GraphQLDocument.Selection]]
        var shapes: [UInt32: Range<Int>] = [:]
        var last: (type: UInt32, shape: Range<Int>)?
    }

    /// What could not be decided without a result: whether the type meets the condition.
    struct Unknown: Error {
        let type: UInt32
        let condition: UInt32
    }

    /// Where the operation begins.
    static let root = 0

    let operation: GraphQLOperation
    private(set) var text: [UInt8] = []
    private(set) var fields: [Field] = []
    private var selections: [Selection]
    /// Whether what a result shows about types is to be kept.
    private let learns: Bool
    /// What was learned.
    private(set) var learned: [GraphQLCacheKey] = []

    init(_ operation: GraphQLOperation, learns: Bool) {
        self.operation = operation
        self.selections = [Selection(sets: [operation.definition.selections])]
        self.learns = learns
    }

    /// The fields of an object of this type, which is at `object` in a result; nil when it is read from the cache.
    @inline(__always)
    mutating func shape(
        of selection: Int,
        type: UInt32,
        object: JSONCursor?,
        _ vocabulary: inout GraphQLVocabulary
    ) throws(Unknown) -> Range<Int> {
        if let last = self.selections[selection].last, last.type == type { return last.shape }
        var known = self.selections[selection].shapes[type]
        if known == nil { known = try self.collect(selection, type, object, &vocabulary) }
        let shape = known ?? 0..<0
        self.selections[selection].last = (type, shape)
        return shape
    }

    @inline(never)
    private mutating func collect(
        _ selection: Int,
        _ type: UInt32,
        _ object: JSONCursor?,
        _ vocabulary: inout GraphQLVocabulary
    ) throws(Unknown) -> Range<Int> {
        var collector = GraphQLFieldCollector(
            self.operation,
            self.selections[selection].sets,
            type: selection == Self.root ? nil : type,
            object: object,
            learns: self.learns
        )
        try collector.collect(&vocabulary)
        self.learned += collector.learned
        let shape = self.add(collector.found, isRoot: selection == Self.root, &vocabulary)
        self.selections[selection].shapes[type] = shape
        return shape
    }

    private mutating func add(
        _ found: [GraphQLFieldCollector.Found],
        isRoot: Bool,
        _ vocabulary: inout GraphQLVocabulary
    ) -> Range<Int> {
        let first = self.fields.count
        for found in found {
            var storage = self.operation.storageKey(of: found.field)
            var number: UInt32 = 0
            if isRoot {
                storage = "Query." + storage
                number = GraphQLVocabulary.rootValue
            } else if found.field.arguments.isEmpty {
                number = vocabulary.fields.number(storage)
            }
            var selection: Int?
            if !found.sets.isEmpty {
                selection = self.selections.count
                self.selections.append(Selection(sets: found.sets))
            }
            self.fields.append(
                Field(
                    response: self.append("\"", found.field.responseKey, "\":"),
                    number: number,
                    storage: self.append(storage),
                    selection: selection,
                    isTypename: found.field.name == "__typename" && !isRoot
                )
            )
        }
        return first..<self.fields.count
    }

    private mutating func append(_ parts: String...) -> Range<Int> {
        let start = self.text.count
        for part in parts { self.text += part.utf8 }
        return start..<self.text.count
    }
}
