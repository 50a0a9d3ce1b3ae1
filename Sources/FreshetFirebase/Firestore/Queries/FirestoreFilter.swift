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
