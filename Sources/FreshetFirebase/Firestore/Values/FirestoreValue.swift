// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A value of a field: every kind that Firestore has.
///
/// ```swift
/// let fields: [String: FirestoreValue] = ["name": "Ada", "born": 1815, "tags": ["math", "engines"], "died": nil]
/// ```
public enum FirestoreValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// All 64 bits are kept.
    case integer(Int64)
    /// Not a number and infinity too.
    case double(Double)
    case timestamp(FirestoreTimestamp)
    case string(String)
    case bytes(Data)
    /// Another document.
    case reference(FirestoreName)
    case geoPoint(FirestoreGeoPoint)
    /// Firestore has no arrays directly in arrays.
    case array([FirestoreValue])
    case map([String: FirestoreValue])
    /// For nearest neighbours.
    case vector(FirestoreVector)
}

extension FirestoreValue {
    /// What it is, for messages: the name of its kind.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .double: "a double"
        case .timestamp: "a timestamp"
        case .string: "a string"
        case .bytes: "bytes"
        case .reference: "a reference"
        case .geoPoint: "a geo point"
        case .array: "an array"
        case .map: "a map"
        case .vector: "a vector"
        }
    }
}

extension FirestoreValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Null.
    public init(nilLiteral: ()) { self = .null }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral elements: FirestoreValue...) { self = .array(elements) }
    /// A map; of a key that is given twice the last value counts.
    public init(dictionaryLiteral elements: (String, FirestoreValue)...) {
        self = .map(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
