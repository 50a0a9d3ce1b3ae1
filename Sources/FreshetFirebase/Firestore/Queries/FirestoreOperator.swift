// SPDX-License-Identifier: Apache-2.0

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
