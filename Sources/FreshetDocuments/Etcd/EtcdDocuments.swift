// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// The documents of an etcd whose keys begin with a prefix. Keys are whole keys, with the prefix.
///
/// A document's version is the revision of the whole store at which it was changed last (`mod_revision`).
///
/// Keys are bytes to etcd. Those that are not UTF-8 are text here all the same: each byte that does not belong to a character is
/// one scalar from U+F780 to U+F7FF.
public struct EtcdDocuments<Value: Sendable>: DocumentCollection {
    let client: EtcdClient
    /// What all keys begin with.
    public let prefix: String
    let coding: DocumentCoding<Value>

    init(client: EtcdClient, prefix: String, coding: DocumentCoding<Value>) {
        self.client = client
        self.prefix = prefix
        self.coding = coding
    }

    var range: EtcdRange { EtcdRange(prefix: EtcdKey.bytes(self.prefix)) }

    func store() throws(FreshetError) -> EtcdStore { EtcdStore(http: try self.client.http) }

    // MARK: - Reading

    /// Reads one document.
    ///
    /// - Parameter key: its key.
    /// - Returns: the document.
    /// - Throws: `.notFound`; `.decoding` when it is no `Value`; why there was no answer.
    public func get(_ key: String) async throws(FreshetError) -> Document<Value> {
        try self.check(key)
        return try self.decoded(try await self.store().get(key))
    }

    /// Lists all documents, as they were at one moment.
    ///
    /// - Returns: the documents in the order of their keys, and the position from which a watch brings everything after them.
    /// - Throws: `.decoding` when one is no `Value`; why there was no answer.
    public func list() async throws(FreshetError) -> DocumentSnapshot<Value> {
        let listing = try await self.store().list(self.range, pageSize: self.client.configuration.pageSize)
        var documents: [Document<Value>] = []
        documents.reserveCapacity(listing.documents.count)
        for raw in listing.documents { documents.append(try self.decoded(raw)) }
        return DocumentSnapshot(
            documents: documents,
            changes: documents.map { .added($0) },
            position: Position(number: listing.revision)
        )
    }

    private func decoded(_ raw: RawDocument) throws(FreshetError) -> Document<Value> {
        do throws(FreshetError) {
            return Document(key: raw.key, version: raw.version, value: try self.coding.decode(raw.value))
        } catch {
            throw FreshetError(error.kind, "the document \(raw.key): \(error.message)", hint: error.hint)
        }
    }

    // MARK: - Writing

    /// Writes a document that must not be there yet.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Returns: its version.
    /// - Throws: `.conflict` with its version when it is there; `.messageTooLarge`; `.outcomeUnknown` when the answer did not
    ///   come: it is not sent again.
    @discardableResult
    public func create(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        var transaction = EtcdTransaction()
        transaction.requireAbsence(of: key)
        return try await self.commit(putting: value, key, transaction)
    }

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Returns: its version.
    /// - Throws: `.messageTooLarge`; `.outcomeUnknown` when the answer did not come: it is not sent again.
    @discardableResult
    public func put(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        try self.check(key)
        return try await self.store().put(key, try self.coding.encode(value))
    }

    /// Writes a document that must still be at a version.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    ///   - version: which it must have.
    /// - Returns: its new version.
    /// - Throws: `.conflict` with the version that it has instead, nil when it is not there any more; `.messageTooLarge`;
    ///   `.outcomeUnknown` when the answer did not come: it is not sent again.
    @discardableResult
    public func update(_ key: String, _ value: Value, ifVersion version: String) async throws(FreshetError) -> String {
        var transaction = EtcdTransaction()
        transaction.require(key, version: version)
        return try await self.commit(putting: value, key, transaction)
    }

    /// Removes a document.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - version: which it must have; nil: any.
    /// - Throws: `.notFound` when it is not there; `.conflict` with the version that it has instead; `.outcomeUnknown` when the
    ///   answer did not come: it is not sent again.
    public func delete(_ key: String, ifVersion version: String? = nil) async throws(FreshetError) {
        try self.check(key)
        guard let version else { return try await self.store().delete(key) }
        var transaction = EtcdTransaction()
        transaction.require(key, version: version)
        transaction.delete(key)
        do throws(FreshetError) {
            _ = try await self.store().commit(transaction)
        } catch {
            // What is not there any more is no conflict of versions.
            guard error.kind == .conflict(version: nil) else { throw error }
            throw FreshetError(.notFound, "there is no document \(key) any more")
        }
    }

    private func commit(
        putting value: Value,
        _ key: String,
        _ conditions: EtcdTransaction
    ) async throws(FreshetError) -> String {
        try self.check(key)
        var transaction = conditions
        try transaction.put(key, value, coding: self.coding)
        return try await self.store().commit(transaction)
    }

    private func check(_ key: String) throws(FreshetError) {
        guard EtcdKey.bytes(key).starts(with: EtcdKey.bytes(self.prefix)) else {
            throw FreshetError(
                .invalidInput,
                "\(key.prefix(100)) does not begin with the collection's prefix \(self.prefix.prefix(100))",
                hint: "keys are whole keys"
            )
        }
    }
}
