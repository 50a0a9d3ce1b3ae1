// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetDocuments

/// The documents of a collection, in the words that all sources of documents have.
///
/// Keys are the documents' ids, and a version is the time of the last change. Whatever Firestore has beyond these words, as parts of
/// documents, queries and transactions, is had by ``FirestoreCollectionReference``.
public struct FirestoreDocuments<Value: Sendable>: DocumentCollection {
    let collection: FirestoreCollectionReference
    /// Which of them are listed.
    let query: FirestoreQuery
    let coding: FirestoreCoding<Value>

    /// Reads a document.
    ///
    /// - Parameter key: its id.
    /// - Returns: the document.
    /// - Throws: `.notFound`, `.forbidden`, `.decoding`, or why there was no answer.
    public func get(_ key: String) async throws(FreshetError) -> Document<Value> {
        try self.document(try await self.collection.document(key).get())
    }

    /// Reads all documents, as they were at one moment.
    ///
    /// - Returns: the documents, by their ids or as the query says. There is no position.
    /// - Throws: `.forbidden`, `.decoding`, or why there was no answer.
    public func list() async throws(FreshetError) -> DocumentSnapshot<Value> {
        var documents: [Document<Value>] = []
        for document in try await self.query.get() { documents.append(try self.document(document)) }
        return DocumentSnapshot(documents: documents, changes: documents.map { .added($0) })
    }

    /// Makes a document that is not there yet.
    ///
    /// - Parameters:
    ///   - key: its id.
    ///   - value: what is in it.
    /// - Returns: its version.
    /// - Throws: `.conflict` when it is there, `.forbidden`, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func create(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        let fields = try self.coding.encode(value)
        return try Self.version(try await self.collection.document(key).create(fields))
    }

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its id.
    ///   - value: what is in it.
    /// - Returns: its version.
    /// - Throws: `.forbidden`, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func put(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        let fields = try self.coding.encode(value)
        return try Self.version(try await self.collection.document(key).set(fields))
    }

    /// Writes a document if it is still of a version (compare and set).
    ///
    /// - Parameters:
    ///   - key: its id.
    ///   - value: what is in it.
    ///   - version: the version.
    /// - Returns: its new version.
    /// - Throws: `.conflict(version: nil)` when it is of another version or gone, `.forbidden`, `.outcomeUnknown`, or why it could
    ///   not be written.
    @discardableResult
    public func update(
        _ key: String,
        _ value: Value,
        ifVersion version: String
    ) async throws(FreshetError) -> String {
        let fields = try self.coding.encode(value)
        let condition = try Self.condition(version)
        do throws(FreshetError) {
            return try Self.version(try await self.collection.document(key).set(fields, if: condition))
        } catch {
            guard error.kind == .notFound else { throw error }
            throw FreshetError(.conflict(version: nil), error.message, hint: "it is gone", refusal: error.refusal)
        }
    }

    /// Deletes a document.
    ///
    /// - Parameters:
    ///   - key: its id.
    ///   - version: only if it is still of this version; nil: whatever it is.
    /// - Throws: `.notFound`, `.conflict`, `.forbidden`, `.outcomeUnknown`, or why it could not be deleted.
    public func delete(_ key: String, ifVersion version: String? = nil) async throws(FreshetError) {
        let condition = try version.map { text throws(FreshetError) in try Self.condition(text) } ?? .exists(true)
        try await self.collection.document(key).delete(if: condition)
    }

    private func document(_ document: FirestoreDocument) throws(FreshetError) -> Document<Value> {
        Document(
            key: self.key(document.name),
            version: document.updateTime.description,
            value: try self.coding.decode(document)
        )
    }

    /// Of other collections there are documents only where a query brings them.
    func key(_ name: FirestoreName?) -> String {
        let isOurs = name?.collection == (try? self.collection.location.get())?.description
        return (isOurs ? name?.id : name?.path) ?? ""
    }

    private static func version(_ result: FirestoreWriteResult) throws(FreshetError) -> String {
        guard let time = result.updateTime else {
            throw FreshetError(.outcomeUnknown, "the write was answered without its time")
        }
        return time.description
    }

    private static func condition(_ version: String) throws(FreshetError) -> FirestorePrecondition {
        guard let time = FirestoreTimestamp(version) else {
            throw FreshetError(
                .invalidInput,
                "\(version.prefix(60)) is no version of a document of Firestore",
                hint: "it is the time of the last change, as in 2024-01-02T03:04:05.123456Z"
            )
        }
        return .updatedAt(time)
    }
}

extension FirestoreCollectionReference {
    /// The collection's documents in the words that all sources have.
    ///
    /// - Parameter type: what they are.
    /// - Returns: the documents.
    public func documents<Value: Codable & Sendable>(as type: Value.Type = Value.self) -> FirestoreDocuments<Value> {
        self.documents(coding: .codable)
    }

    package func documents<Value: Sendable>(
        coding: FirestoreCoding<Value>,
        matching query: FirestoreQuery? = nil
    ) -> FirestoreDocuments<Value> {
        FirestoreDocuments(collection: self, query: query ?? self.query, coding: coding)
    }
}
