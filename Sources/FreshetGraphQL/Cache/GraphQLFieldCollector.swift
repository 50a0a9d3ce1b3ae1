// SPDX-License-Identifier: Apache-2.0

/// Collects the fields of one selection set for one type of object (GraphQL specification, October 2021, 6.3.2).
///
/// Whether a type meets a fragment's condition only the schema would say. The name being the same is enough. Otherwise a
/// result shows it: a field that is not there proves that it does not, one that nothing else asks for proves that it
/// does. Fields that are all asked for elsewhere too are taken for a yes until there is proof.
struct GraphQLFieldCollector {
    struct Found {
        let field: GraphQLDocument.Field
        /// What is selected below it.
        var sets: [[GraphQLDocument.Selection]]
    }

    private let operation: GraphQLOperation
    /// The selection sets, which count as one.
    private let sets: [[GraphQLDocument.Selection]]
    /// nil at the root, whose type meets every condition that can stand there (5.5.2.3).
    private let type: UInt32?
    /// At the object, in a result; nil: there is none.
    private let object: JSONCursor?
    private let learns: Bool
    private(set) var found: [Found] = []
    private(set) var learned: [GraphQLCacheKey] = []
    private var places: [String: Int] = [:]
    private var visited: Set<String> = []
    /// Under which conditions each response key is asked for; "" is none.
    private var owners: [String: Set<String>] = [:]
    /// Of the object, once they are needed.
    private var keys: Set<String> = []

    init(
        _ operation: GraphQLOperation,
        _ sets: [[GraphQLDocument.Selection]],
        type: UInt32?,
        object: JSONCursor?,
        learns: Bool
    ) {
        self.operation = operation
        self.sets = sets
        self.type = type
        self.object = object
        self.learns = learns
    }

    mutating func collect(_ vocabulary: inout GraphQLVocabulary) throws(GraphQLPlan.Unknown) {
        for set in self.sets { try self.collect(set, &vocabulary) }
    }

    private mutating func collect(
        _ selections: [GraphQLDocument.Selection],
        _ vocabulary: inout GraphQLVocabulary
    ) throws(GraphQLPlan.Unknown) {
        for selection in selections {
            switch selection {
            case .field(let field):
                if self.operation.isIncluded(field.conditions) { self.add(field) }
            case .inline(let type, let conditions, let inner):
                guard self.operation.isIncluded(conditions) else { continue }
                if let type, try !self.meets(type, inner, &vocabulary) { continue }
                try self.collect(inner, &vocabulary)
            case .spread(let name, let conditions, _):
                guard self.operation.isIncluded(conditions), self.visited.insert(name).inserted,
                    let fragment = self.operation.document.fragments[name],
                    try self.meets(fragment.type, fragment.selections, &vocabulary)
                else { continue }
                try self.collect(fragment.selections, &vocabulary)
            }
        }
    }

    private mutating func add(_ field: GraphQLDocument.Field) {
        let sets = field.selections.isEmpty ? [] : [field.selections]
        if let place = self.places[field.responseKey] {
            self.found[place].sets += sets
        } else {
            self.places[field.responseKey] = self.found.count
            self.found.append(Found(field: field, sets: sets))
        }
    }

    private mutating func meets(
        _ condition: String,
        _ selections: [GraphQLDocument.Selection],
        _ vocabulary: inout GraphQLVocabulary
    ) throws(GraphQLPlan.Unknown) -> Bool {
        guard let type = self.type else { return true }
        let number = vocabulary.types.number(condition)
        if type == number, type != 0 { return true }
        let fields = self.fields(of: selections)
        // Then it is only what is in it that matters.
        guard !fields.isEmpty else { return vocabulary.meets(type, number) ?? true }
        guard let object = self.object else {
            guard let known = vocabulary.meets(type, number) else {
                throw GraphQLPlan.Unknown(type: type, condition: number)
            }
            return known
        }
        if self.keys.isEmpty { self.keys = Self.keys(of: object) }
        let isOther = vocabulary.isObject(number) && type != 0
        let meets = !isOther && fields.allSatisfy { self.keys.contains($0.responseKey) }
        let isProof = !meets || fields.contains { self.isAlone($0, condition) }
        if self.learns, vocabulary.learn(type, number, meets, isProof: isProof) {
            self.learned.append(vocabulary.key(type, number))
        }
        return meets
    }

    private static func keys(of object: JSONCursor) -> Set<String> {
        var cursor = object
        var keys: Set<String> = []
        cursor.enter()
        while let key = cursor.nextKey() {
            keys.insert(String(decoding: cursor.bytes[key], as: UTF8.self))
            cursor.skipValue()
        }
        return keys
    }

    // MARK: - What a field's being there means

    /// The fields that are there whenever the condition is met, but for the one that always is.
    private func fields(of selections: [GraphQLDocument.Selection]) -> [GraphQLDocument.Field] {
        selections.flatMap { selection -> [GraphQLDocument.Field] in
            switch selection {
            case .field(let field):
                field.name != "__typename" && self.operation.isIncluded(field.conditions) ? [field] : []
            case .inline(nil, let conditions, let inner):
                self.operation.isIncluded(conditions) ? self.fields(of: inner) : []
            case .inline, .spread: []
            }
        }
    }

    /// Whether nothing else asks for the field, here or under another condition.
    private mutating func isAlone(_ field: GraphQLDocument.Field, _ condition: String) -> Bool {
        if self.owners.isEmpty {
            var seen: Set<String> = []
            for set in self.sets { self.findOwners(set, "", &seen) }
        }
        return self.owners[field.responseKey] == [condition]
    }

    private mutating func findOwners(
        _ selections: [GraphQLDocument.Selection],
        _ condition: String,
        _ seen: inout Set<String>
    ) {
        for selection in selections {
            switch selection {
            case .field(let field): self.owners[field.responseKey, default: []].insert(condition)
            case .inline(let type, _, let inner): self.findOwners(inner, type ?? condition, &seen)
            case .spread(let name, _, _):
                guard seen.insert(name).inserted, let fragment = self.operation.document.fragments[name] else {
                    continue
                }
                self.findOwners(fragment.selections, fragment.type, &seen)
            }
        }
    }
}
