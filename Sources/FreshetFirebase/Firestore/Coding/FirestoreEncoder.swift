// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension FirestoreValue {
    /// A value of a type of your own.
    ///
    /// Whole numbers become integers, `Date` becomes a timestamp, `Data` bytes, `FirestoreTimestamp`, `FirestoreName`,
    /// `FirestoreGeoPoint` and `FirestoreVector` what they are called; objects become maps. What is nil is left out, as
    /// `Codable` does.
    ///
    /// - Parameter value: the value.
    /// - Throws: `.invalidInput`, with the place in it that Firestore has no value for: a whole number of more than 63 bits, an
    ///   array directly in an array, a date after 9999.
    public init(encoding value: some Encodable) throws(FreshetError) {
        let slot = FirestoreSlot()
        do {
            try slot.fill(with: value, at: [])
            self = try slot.value(at: [])
        } catch let EncodingError.invalidValue(_, context) {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            throw FreshetError(
                .invalidInput,
                "a \(type(of: value)) cannot be written to Firestore: "
                    + "\(path.isEmpty ? "it" : path) is \(context.debugDescription)"
            )
        } catch {
            // Its words may contain the value.
            throw FreshetError(.invalidInput, "a \(type(of: value)) cannot be written to Firestore")
        }
    }

    /// The fields of a document made of a value of a type of your own.
    static func fields(encoding value: some Encodable) throws(FreshetError) -> [String: FirestoreValue] {
        guard case .map(let fields) = try FirestoreValue(encoding: value) else {
            throw FreshetError(
                .invalidInput,
                "a \(type(of: value)) is no document",
                hint: "a document has fields: write a struct or a dictionary"
            )
        }
        return fields
    }
}

struct FirestoreEncoder: Encoder {
    let slot: FirestoreSlot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        self.slot.becomeMap()
        return KeyedEncodingContainer(FirestoreKeyedEncoder(slot: self.slot, codingPath: self.codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        self.slot.becomeArray()
        return FirestoreUnkeyedEncoder(slot: self.slot, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        FirestoreSingleEncoder(slot: self.slot, codingPath: self.codingPath)
    }
}
