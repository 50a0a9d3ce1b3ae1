// SPDX-License-Identifier: Apache-2.0

struct FirestoreKeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: FirestoreSlot
    let codingPath: [any CodingKey]

    private func at(_ key: some CodingKey) -> (FirestoreSlot, [any CodingKey]) {
        (self.slot.member(key.stringValue), self.codingPath + [key])
    }

    private func integer(_ value: some BinaryInteger, _ key: Key) throws {
        let (slot, path) = self.at(key)
        try slot.fill(withInteger: value, at: path)
    }

    func encodeNil(forKey key: Key) { self.at(key).0.set(.null) }
    func encode(_ value: Bool, forKey key: Key) { self.at(key).0.set(.boolean(value)) }
    func encode(_ value: String, forKey key: Key) { self.at(key).0.set(.string(value)) }
    func encode(_ value: Double, forKey key: Key) { self.at(key).0.set(.double(value)) }
    func encode(_ value: Float, forKey key: Key) { self.at(key).0.set(.double(Double(value))) }
    func encode(_ value: Int, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: Int8, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: Int16, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: Int32, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: Int64, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: UInt, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: UInt8, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: UInt16, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: UInt32, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: UInt64, forKey key: Key) throws { try self.integer(value, key) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        let (slot, path) = self.at(key)
        try slot.fill(with: value, at: path)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        let nested = FirestoreEncoder(slot: self.slot.existing(key.stringValue), codingPath: self.codingPath + [key])
        return nested.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let nested = FirestoreEncoder(slot: self.slot.existing(key.stringValue), codingPath: self.codingPath + [key])
        return nested.unkeyedContainer()
    }

    func superEncoder() -> any Encoder { self.encoder(for: AnyCodingKey("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { self.encoder(for: key) }

    private func encoder(for key: some CodingKey) -> any Encoder {
        let (slot, path) = self.at(key)
        return FirestoreEncoder(slot: slot, codingPath: path)
    }
}

struct FirestoreUnkeyedEncoder: UnkeyedEncodingContainer {
    let slot: FirestoreSlot
    let codingPath: [any CodingKey]
    var count: Int { self.slot.count }

    private func next() -> (FirestoreSlot, [any CodingKey]) {
        let path = self.codingPath + [AnyCodingKey(self.count)]
        return (self.slot.append(), path)
    }

    private func integer(_ value: some BinaryInteger) throws {
        let (slot, path) = self.next()
        try slot.fill(withInteger: value, at: path)
    }

    func encodeNil() { self.next().0.set(.null) }
    func encode(_ value: Bool) { self.next().0.set(.boolean(value)) }
    func encode(_ value: String) { self.next().0.set(.string(value)) }
    func encode(_ value: Double) { self.next().0.set(.double(value)) }
    func encode(_ value: Float) { self.next().0.set(.double(Double(value))) }
    func encode(_ value: Int) throws { try self.integer(value) }
    func encode(_ value: Int8) throws { try self.integer(value) }
    func encode(_ value: Int16) throws { try self.integer(value) }
    func encode(_ value: Int32) throws { try self.integer(value) }
    func encode(_ value: Int64) throws { try self.integer(value) }
    func encode(_ value: UInt) throws { try self.integer(value) }
    func encode(_ value: UInt8) throws { try self.integer(value) }
    func encode(_ value: UInt16) throws { try self.integer(value) }
    func encode(_ value: UInt32) throws { try self.integer(value) }
    func encode(_ value: UInt64) throws { try self.integer(value) }

    func encode<T: Encodable>(_ value: T) throws {
        let (slot, path) = self.next()
        try slot.fill(with: value, at: path)
    }

    private func nested() -> FirestoreEncoder {
        let (slot, path) = self.next()
        return FirestoreEncoder(slot: slot, codingPath: path)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        self.nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self.nested().unkeyedContainer() }
    func superEncoder() -> any Encoder { self.nested() }
}

struct FirestoreSingleEncoder: SingleValueEncodingContainer {
    let slot: FirestoreSlot
    let codingPath: [any CodingKey]

    private func integer(_ value: some BinaryInteger) throws {
        try self.slot.fill(withInteger: value, at: self.codingPath)
    }

    func encodeNil() { self.slot.set(.null) }
    func encode(_ value: Bool) { self.slot.set(.boolean(value)) }
    func encode(_ value: String) { self.slot.set(.string(value)) }
    func encode(_ value: Double) { self.slot.set(.double(value)) }
    func encode(_ value: Float) { self.slot.set(.double(Double(value))) }
    func encode(_ value: Int) throws { try self.integer(value) }
    func encode(_ value: Int8) throws { try self.integer(value) }
    func encode(_ value: Int16) throws { try self.integer(value) }
    func encode(_ value: Int32) throws { try self.integer(value) }
    func encode(_ value: Int64) throws { try self.integer(value) }
    func encode(_ value: UInt) throws { try self.integer(value) }
    func encode(_ value: UInt8) throws { try self.integer(value) }
    func encode(_ value: UInt16) throws { try self.integer(value) }
    func encode(_ value: UInt32) throws { try self.integer(value) }
    func encode(_ value: UInt64) throws { try self.integer(value) }
    func encode<T: Encodable>(_ value: T) throws { try self.slot.fill(with: value, at: self.codingPath) }
}
