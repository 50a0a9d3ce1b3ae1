// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FoundationEssentials

/// How documents become values, and values documents.
public struct DocumentCoding<Value: Sendable>: Sendable {
    package let decode: @Sendable (Bytes) throws(FreshetError) -> Value
    package let encode: @Sendable (Value) throws(FreshetError) -> Bytes

    /// Makes a coding of your own, such as for Protocol Buffers.
    ///
    /// - Parameters:
    ///   - decode: the value of a document's bytes. What it throws ends the feed that the document is in.
    ///   - encode: the bytes of a value.
    public init(
        decode: @escaping @Sendable (Bytes) throws(FreshetError) -> Value,
        encode: @escaping @Sendable (Value) throws(FreshetError) -> Bytes
    ) {
        self.decode = decode
        self.encode = encode
    }
}

extension DocumentCoding where Value: Codable {
    /// JSON.
    public static var json: DocumentCoding {
        DocumentCoding(
            decode: { bytes throws(FreshetError) in
                do {
                    return try bytes.withBytes { try JSONDecoder().decode(Value.self, from: Data($0)) }
                } catch {
                    throw FreshetError.decoding(error, of: Value.self)
                }
            },
            encode: { value throws(FreshetError) in
                do {
                    return Bytes(copying: try JSONEncoder().encode(value))
                } catch {
                    throw FreshetError(.invalidInput, "a \(Value.self) cannot be written as JSON")
                }
            }
        )
    }
}

extension DocumentCoding where Value == Bytes {
    /// The bytes as they are.
    public static var bytes: DocumentCoding {
        DocumentCoding(decode: { $0 }, encode: { $0 })
    }
}
