// SPDX-License-Identifier: Apache-2.0

/// What an update does to one field.
///
/// ```swift
/// try await ada.update(["name": "Ada L.", "visits": .increment(1), "seen": .serverTimestamp, "nickname": .delete])
/// ```
public enum FirestoreFieldUpdate: Sendable, Hashable {
    /// It gets this value.
    case set(FirestoreValue)
    /// It goes.
    case delete
    /// The server makes something of what is there.
    case transform(FirestoreTransform)

    /// The time of the write, by the server's clock.
    public static let serverTimestamp = FirestoreFieldUpdate.transform(.serverTimestamp)

    /// Adds to what is there.
    ///
    /// - Parameter value: a number; below zero to subtract.
    /// - Returns: the update.
    public static func increment(_ value: FirestoreValue) -> FirestoreFieldUpdate { .transform(.increment(value)) }

    /// Appends to an array what is not in it.
    ///
    /// - Parameter values: the values.
    /// - Returns: the update.
    public static func arrayUnion(_ values: [FirestoreValue]) -> FirestoreFieldUpdate {
        .transform(.arrayUnion(values))
    }

    /// Removes from an array.
    ///
    /// - Parameter values: the values.
    /// - Returns: the update.
    public static func arrayRemove(_ values: [FirestoreValue]) -> FirestoreFieldUpdate {
        .transform(.arrayRemove(values))
    }
}

extension FirestoreFieldUpdate: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// It becomes null.
    public init(nilLiteral: ()) { self = .set(.null) }
    /// It becomes true or false.
    public init(booleanLiteral value: Bool) { self = .set(.boolean(value)) }
    /// It becomes a whole number.
    public init(integerLiteral value: Int64) { self = .set(.integer(value)) }
    /// It becomes a number.
    public init(floatLiteral value: Double) { self = .set(.double(value)) }
    /// It becomes a text.
    public init(stringLiteral value: String) { self = .set(.string(value)) }
    /// It becomes an array.
    public init(arrayLiteral elements: FirestoreValue...) { self = .set(.array(elements)) }
    /// It becomes a map; of a key that is given twice the last value counts.
    public init(dictionaryLiteral elements: (String, FirestoreValue)...) {
        self = .set(.map(Dictionary(elements, uniquingKeysWith: { _, last in last })))
    }
}
