// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// How documents become values, and values documents.
package struct FirestoreCoding<Value: Sendable>: Sendable {
    let decode: @Sendable (FirestoreDocument) throws(FreshetError) -> Value
    let encode: @Sendable (Value) throws(FreshetError) -> [String: FirestoreValue]
}

extension FirestoreCoding where Value: Codable {
    /// Types of one's own.
    static var codable: FirestoreCoding {
        FirestoreCoding(
            decode: { document throws(FreshetError) in try document.decoded() },
            encode: { value throws(FreshetError) in try FirestoreValue.fields(encoding: value) }
        )
    }
}

extension FirestoreCoding where Value == Bytes {
    /// JSON that people read and write.
    package static var json: FirestoreCoding {
        FirestoreCoding(
            decode: { document throws(FreshetError) in
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                do {
                    return Bytes(copying: try encoder.encode(JSONValue.object(document.fields.mapValues(\.plain))))
                } catch {
                    throw FreshetError(.decoding, "the document \(document.path) cannot be written as JSON")
                }
            },
            encode: { bytes throws(FreshetError) in
                let json = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes.array))
                guard case .object(let members)? = json else {
                    throw FreshetError(
                        .invalidInput,
                        "a document of Firestore is written as a JSON object",
                        hint: #"as in {"name":"Ada"}"#
                    )
                }
                var fields: [String: FirestoreValue] = [:]
                for (name, value) in members { fields[name] = try FirestoreValue(plain: value) }
                return fields
            }
        )
    }
}
