// SPDX-License-Identifier: Apache-2.0

/// Where an encoder puts one value; containers fill it bit by bit.
final class FirestoreSlot {
    private enum Content {
        case empty
        case value(FirestoreValue)
        case array([FirestoreSlot])
        case map([String: FirestoreSlot])
    }

    private var content = Content.empty

    func set(_ value: FirestoreValue) { self.content = .value(value) }

    /// Whatever was there: two containers of one object share it.
    func becomeMap() { if case .map = self.content {} else { self.content = .map([:]) } }
    func becomeArray() { if case .array = self.content {} else { self.content = .array([]) } }

    func member(_ key: String) -> FirestoreSlot {
        guard case .map(var members) = self.content else { return FirestoreSlot() }
        let slot = FirestoreSlot()
        self.content = .empty
        members[key] = slot
        self.content = .map(members)
        return slot
    }

    /// The member as it is, for a container in it.
    func existing(_ key: String) -> FirestoreSlot {
        if case .map(let members) = self.content, let slot = members[key] { return slot }
        return self.member(key)
    }

    var count: Int { if case .array(let slots) = self.content { slots.count } else { 0 } }

    func append() -> FirestoreSlot {
        guard case .array(var slots) = self.content else { return FirestoreSlot() }
        let slot = FirestoreSlot()
        self.content = .empty
        slots.append(slot)
        self.content = .array(slots)
        return slot
    }

    func fill(with value: some Encodable, at path: [any CodingKey]) throws {
        if let value = value as? any FirestoreRepresentable {
            guard let represented = value.firestoreValue else {
                throw Self.failure(value, at: path, "beyond what Firestore has")
            }
            self.set(represented)
            return
        }
        try value.encode(to: FirestoreEncoder(slot: self, codingPath: path))
        // An object without a container, as of an empty enumeration.
        if case .empty = self.content { self.content = .map([:]) }
    }

    func fill(withInteger value: some BinaryInteger, at path: [any CodingKey]) throws {
        guard let integer = Int64(exactly: value) else {
            throw Self.failure(value, at: path, "larger than the largest integer of Firestore, 2^63 - 1")
        }
        self.set(.integer(integer))
    }

    static func failure(_ value: Any, at path: [any CodingKey], _ what: String) -> EncodingError {
        .invalidValue(value, EncodingError.Context(codingPath: path, debugDescription: what))
    }

    func value(at path: [any CodingKey]) throws -> FirestoreValue {
        switch self.content {
        case .empty: return .map([:])
        case .value(let value): return value
        case .map(let members):
            var map: [String: FirestoreValue] = [:]
            for (key, slot) in members { map[key] = try slot.value(at: path + [AnyCodingKey(key)]) }
            return .map(map)
        case .array(let slots):
            return .array(
                try slots.enumerated().map { index, slot in
                    let path = path + [AnyCodingKey(index)]
                    let value = try slot.value(at: path)
                    guard case .array = value else { return value }
                    throw Self.failure(value, at: path, "an array directly in an array, which Firestore does not have")
                }
            )
        }
    }
}
