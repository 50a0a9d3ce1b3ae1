// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension FirestoreValue {
    /// The value as a type of your own.
    ///
    /// Integers and doubles are taken for one another where nothing is lost.
    ///
    /// - Parameter type: the type.
    /// - Returns: a value of it.
    /// - Throws: `.decoding`, with the place that is not as the type wants it.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(FreshetError) -> Value {
        do {
            return try FirestoreDecoder(value: self, codingPath: []).decode(type)
        } catch {
            throw FreshetError.decoding(error, of: type)
        }
    }
}

struct FirestoreDecoder: Decoder {
    let value: FirestoreValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .map(let members) = self.value else { throw self.mismatch([String: FirestoreValue].self) }
        return KeyedDecodingContainer(FirestoreKeyedDecoder(members: members, codingPath: self.codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = self.value else { throw self.mismatch([FirestoreValue].self) }
        return FirestoreUnkeyedDecoder(elements: elements, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { FirestoreSingleDecoder(decoder: self) }

    // MARK: - One value

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let type = type as? any FirestoreRepresentable.Type {
            guard let value = type.init(firestoreValue: self.value) as? T else { throw self.mismatch(T.self) }
            return value
        }
        return try T(from: self)
    }

    func bool() throws -> Bool {
        guard case .boolean(let value) = self.value else { throw self.mismatch(Bool.self) }
        return value
    }

    func string() throws -> String {
        guard case .string(let value) = self.value else { throw self.mismatch(String.self) }
        return value
    }

    func double() throws -> Double {
        switch self.value {
        case .double(let value): return value
        case .integer(let value):
            guard let exact = Double(exactly: value) else { throw self.corrupted("too long for a Double") }
            return exact
        default: throw self.mismatch(Double.self)
        }
    }

    func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
        let exact: Integer? =
            switch self.value {
            case .integer(let value): Integer(exactly: value)
            case .double(let value): Integer(exactly: value)
            default: throw self.mismatch(type)
            }
        guard let exact else { throw self.corrupted("does not fit into \(type)") }
        return exact
    }

    private func mismatch(_ type: any Any.Type) -> DecodingError {
        let context = DecodingError.Context(codingPath: self.codingPath, debugDescription: "it is \(self.value.kind)")
        return self.value == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    private func corrupted(_ what: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: self.codingPath, debugDescription: what))
    }
}
