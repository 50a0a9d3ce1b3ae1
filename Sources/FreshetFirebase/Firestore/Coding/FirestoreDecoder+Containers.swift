// SPDX-License-Identifier: Apache-2.0

struct FirestoreKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: FirestoreValue]
    let codingPath: [any CodingKey]

    var allKeys: [Key] { self.members.keys.compactMap { Key(stringValue: $0) } }
    func contains(_ key: Key) -> Bool { self.members[key.stringValue] != nil }

    private func at(_ key: some CodingKey) throws -> FirestoreDecoder {
        guard let value = self.members[key.stringValue] else {
            let context = DecodingError.Context(codingPath: self.codingPath, debugDescription: "there is no such field")
            throw DecodingError.keyNotFound(key, context)
        }
        return FirestoreDecoder(value: value, codingPath: self.codingPath + [key])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try self.at(key).value == .null }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try self.at(key).bool() }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try self.at(key).string() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try self.at(key).double() }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try self.at(key).double()) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try self.at(key).integer(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try self.at(key).integer(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try self.at(key).integer(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try self.at(key).integer(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try self.at(key).integer(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try self.at(key).integer(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try self.at(key).integer(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try self.at(key).integer(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try self.at(key).integer(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try self.at(key).integer(type) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try self.at(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try self.at(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try self.at(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try self.at(AnyCodingKey("super")) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try self.at(key) }
}

struct FirestoreUnkeyedDecoder: UnkeyedDecodingContainer {
    let elements: [FirestoreValue]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: [FirestoreValue], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { self.elements.count }
    var isAtEnd: Bool { self.currentIndex >= self.elements.count }

    private func current(_ type: any Any.Type) throws -> FirestoreDecoder {
        let path = self.codingPath + [AnyCodingKey(self.currentIndex)]
        guard !self.isAtEnd else {
            let context = DecodingError.Context(codingPath: path, debugDescription: "the array is at its end")
            throw DecodingError.valueNotFound(type, context)
        }
        return FirestoreDecoder(value: self.elements[self.currentIndex], codingPath: path)
    }

    /// Goes on only when it has succeeded: so Codable wants it.
    private mutating func next<T>(_ read: (FirestoreDecoder) throws -> T) throws -> T {
        let value = try read(try self.current(T.self))
        self.currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard try self.current(Never?.self).value == .null else { return false }
        self.currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try self.next { try $0.bool() } }
    mutating func decode(_ type: String.Type) throws -> String { try self.next { try $0.string() } }
    mutating func decode(_ type: Double.Type) throws -> Double { try self.next { try $0.double() } }
    mutating func decode(_ type: Float.Type) throws -> Float { try self.next { Float(try $0.double()) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try self.next { try $0.integer(type) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try self.next { try $0.integer(type) } }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try self.next { try $0.decode(type) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try self.next { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try self.next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try self.next { $0 } }
}

struct FirestoreSingleDecoder: SingleValueDecodingContainer {
    let decoder: FirestoreDecoder
    var codingPath: [any CodingKey] { self.decoder.codingPath }

    func decodeNil() -> Bool { self.decoder.value == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try self.decoder.bool() }
    func decode(_ type: String.Type) throws -> String { try self.decoder.string() }
    func decode(_ type: Double.Type) throws -> Double { try self.decoder.double() }
    func decode(_ type: Float.Type) throws -> Float { Float(try self.decoder.double()) }
    func decode(_ type: Int.Type) throws -> Int { try self.decoder.integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try self.decoder.integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try self.decoder.integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try self.decoder.integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try self.decoder.integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try self.decoder.integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try self.decoder.integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try self.decoder.integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try self.decoder.integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try self.decoder.integer(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try self.decoder.decode(type) }
}
