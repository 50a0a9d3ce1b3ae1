// SPDX-License-Identifier: Apache-2.0

/// Which documents a query brings.
public indirect enum FirestoreFilter: Sendable, Hashable {
    /// Those with such a value in a field.
    case field(FirestoreFieldPath, FirestoreOperator, FirestoreValue)
    /// Those that pass all of these.
    case all([FirestoreFilter])
    /// Those that pass one of these at least.
    case any([FirestoreFilter])
}

/// How a field's value is compared with the one that is given.
public enum FirestoreOperator: String, Sendable, Hashable, CaseIterable {
    case lessThan = "LESS_THAN"
    case lessThanOrEqual = "LESS_THAN_OR_EQUAL"
    case greaterThan = "GREATER_THAN"
    case greaterThanOrEqual = "GREATER_THAN_OR_EQUAL"
    case equal = "EQUAL"
    case notEqual = "NOT_EQUAL"
    /// The field is an array that has it.
    case arrayContains = "ARRAY_CONTAINS"
    /// The field is an array that has one of the given array's values.
    case arrayContainsAny = "ARRAY_CONTAINS_ANY"
    /// The field has one of the given array's values.
    case isIn = "IN"
    /// The field has none of the given array's values.
    case isNotIn = "NOT_IN"

    /// Whether documents come in the order of the field: then they must be sorted by it.
    var isInequality: Bool {
        switch self {
        case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual, .notEqual, .isNotIn: true
        case .equal, .arrayContains, .arrayContainsAny, .isIn: false
        }
    }
}

extension FirestoreFilter {
    /// The fields that are compared by more than equality.
    var inequalityFields: [FirestoreFieldPath] {
        switch self {
        case .field(let path, let compare, _): compare.isInequality ? [path] : []
        case .all(let filters), .any(let filters): filters.flatMap(\.inequalityFields)
        }
    }
}

// MARK: - JSON

extension FirestoreFilter {
    struct JSON: Encodable {
        struct Field: Encodable { let field: FirestoreFieldJSON, op: String, value: FirestoreValue }
        struct Unary: Encodable { let op: String, field: FirestoreFieldJSON }
        struct Composite: Encodable { let op: String, filters: [JSON] }

        var fieldFilter: Field?
        var unaryFilter: Unary?
        var compositeFilter: Composite?
    }

    /// As it is sent; `name` makes the name of a document of a text, where the document itself is compared.
    func json(_ name: (FirestoreValue) -> FirestoreValue) -> JSON {
        switch self {
        case .all(let filters): return Self.composite("AND", filters.map { $0.json(name) })
        case .any(let filters): return Self.composite("OR", filters.map { $0.json(name) })
        case .field(let path, let compare, let value):
            let field = FirestoreFieldJSON(path)
            // Nothing is equal to null and to what is not a number: those have filters of their own.
            if let op = Self.unary(compare, value) { return JSON(unaryFilter: .init(op: op, field: field)) }
            let compared = path == .documentID ? name(value) : value
            return JSON(fieldFilter: .init(field: field, op: compare.rawValue, value: compared))
        }
    }

    /// One alone needs nothing around it.
    private static func composite(_ op: String, _ filters: [JSON]) -> JSON {
        filters.count == 1 ? filters[0] : JSON(compositeFilter: .init(op: op, filters: filters))
    }

    private static func unary(_ compare: FirestoreOperator, _ value: FirestoreValue) -> String? {
        switch (compare, value) {
        case (.equal, .null): "IS_NULL"
        case (.notEqual, .null): "IS_NOT_NULL"
        case (.equal, .double(let number)) where number.isNaN: "IS_NAN"
        case (.notEqual, .double(let number)) where number.isNaN: "IS_NOT_NAN"
        default: nil
        }
    }
}

/// A field as queries name it.
struct FirestoreFieldJSON: Encodable {
    let fieldPath: String
    init(_ path: FirestoreFieldPath) { self.fieldPath = path.description }
}
