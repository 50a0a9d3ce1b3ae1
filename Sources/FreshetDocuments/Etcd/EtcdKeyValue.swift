// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A key and what is under it, as etcd sends it; the texts in base64 are not decoded yet.
struct EtcdKeyValue {
    private var encodedKey: Bytes?
    private var encodedValue: Bytes?
    private(set) var createRevision: Int64 = 0
    private(set) var modRevision: Int64 = 0

    /// - Parameter json: an object of etcd's type `KeyValue`.
    /// - Throws: `.protocolViolation` when it is none.
    init(_ json: Bytes) throws(FreshetError) {
        let isObject = EtcdJSON.members(of: json) { key, value in
            if EtcdJSON.equal(key, "key") {
                self.encodedKey = value
            } else if EtcdJSON.equal(key, "value") {
                self.encodedValue = value
            } else if EtcdJSON.equal(key, "mod_revision") {
                self.modRevision = EtcdJSON.integer(value) ?? 0
            } else if EtcdJSON.equal(key, "create_revision") {
                self.createRevision = EtcdJSON.integer(value) ?? 0
            }
            return false
        }
        guard isObject, self.encodedKey != nil, self.modRevision > 0 else { throw Self.unreadable }
    }

    /// The key itself.
    func key() throws(FreshetError) -> [UInt8] {
        guard let key = self.encodedKey.flatMap({ EtcdJSON.base64($0) }) else { throw Self.unreadable }
        return Array(key)
    }

    /// The document; an empty value is left out of the JSON.
    func document() throws(FreshetError) -> RawDocument {
        let value: Bytes
        if let encoded = self.encodedValue {
            guard let decoded = EtcdJSON.base64(encoded) else { throw Self.unreadable }
            value = Bytes(copying: decoded)
        } else {
            value = Bytes(copying: [])
        }
        return RawDocument(key: EtcdKey.text(try self.key()), version: String(self.modRevision), value: value)
    }

    static let unreadable = FreshetError(
        .protocolViolation,
        "the server sent a key and a value that are not etcd's",
        hint: "check that the URL is that of an etcd v3"
    )
}
