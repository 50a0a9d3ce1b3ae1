// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetHTTP

/// One document of a database, whether it is there or not.
public struct FirestoreDocumentReference: Sendable {
    /// The database's client.
    public let firestore: Firestore
    let location: Result<FirestorePath, FreshetError>

    /// Its name in full, or why there can be no such document.
    public var name: Result<FirestoreName, FreshetError> {
        Result { () throws(FreshetError) in
            FirestoreName(database: try self.firestore.database.get(), path: try self.location.get())
        }
    }

    /// The last part of its path.
    public var id: String { (try? self.location.get())?.last ?? "" }

    /// A collection below it.
    ///
    /// - Parameter path: its name: `letters`.
    /// - Returns: the collection.
    public func collection(_ path: String) -> FirestoreCollectionReference {
        FirestoreCollectionReference(
            firestore: self.firestore,
            location: Result { () throws(FreshetError) in
                try self.location.get().appending(path).checkedAsCollection()
            }
        )
    }

    // MARK: - Reading

    /// Reads it.
    ///
    /// - Parameter fields: only these; nil: all.
    /// - Returns: the document.
    /// - Throws: `.notFound`, `.forbidden`, `.decoding`, or why there was no answer.
    public func get(fields: [FirestoreFieldPath]? = nil) async throws(FreshetError) -> FirestoreDocument {
        var query = HTTPQuery()
        for field in fields ?? [] { query.append("mask.fieldPaths", field.description) }
        if let fields, fields.isEmpty { query.append("mask.fieldPaths", FirestoreFieldPath.documentID.description) }
        let path = "\(try self.firestore.database.get())/documents/\(try self.location.get().encoded)"
        return try await self.firestore.http.get(path, query: query, as: FirestoreDocument.self)
    }

    // MARK: - Writing

    /// Makes it.
    ///
    /// - Parameters:
    ///   - value: what is in it: a type of your own, or fields.
    ///   - transforms: fields that the server fills in.
    /// - Returns: when it was made, and what the server filled in.
    /// - Throws: `.conflict` when it is there, `.forbidden`, `.invalidInput`, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func create(
        _ value: some Encodable,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
    ) async throws(FreshetError) -> FirestoreWriteResult {
        var batch = FirestoreBatch()
        try batch.create(self, value, transforms: transforms)
        return try await self.commit(batch)
    }

    /// Writes it, whether or not it is there.
    ///
    /// - Parameters:
    ///   - value: what is in it: a type of your own, or fields.
    ///   - merge: what happens with the fields that are there: without it they go.
    ///   - transforms: fields that the server fills in.
    ///   - precondition: what must hold of it.
    /// - Returns: when it was written, and what the server filled in.
    /// - Throws: `.conflict` or `.notFound` when the precondition does not hold, `.forbidden`, `.invalidInput`, `.outcomeUnknown`,
    ///   or why it could not be written.
    @discardableResult
    public func set(
        _ value: some Encodable,
        merge: FirestoreMerge = .none,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:],
        if precondition: FirestorePrecondition? = nil
    ) async throws(FreshetError) -> FirestoreWriteResult {
        var batch = FirestoreBatch()
        try batch.set(self, value, merge: merge, transforms: transforms, if: precondition)
        return try await self.commit(batch)
    }

    /// Changes fields of it.
    ///
    /// - Parameters:
    ///   - fields: what becomes of which field; the others stay.
    ///   - precondition: what must hold of it instead of being there.
    /// - Returns: when it was written, and what the server filled in.
    /// - Throws: `.notFound` when it is not there, `.conflict` when the precondition does not hold, `.forbidden`, `.invalidInput`,
    ///   `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func update(
        _ fields: [FirestoreFieldPath: FirestoreFieldUpdate],
        if precondition: FirestorePrecondition? = nil
    ) async throws(FreshetError) -> FirestoreWriteResult {
        var batch = FirestoreBatch()
        try batch.update(self, fields, if: precondition)
        return try await self.commit(batch)
    }

    /// Deletes it. One that is not there is none the worse, unless the precondition says so. What is in collections below it stays.
    ///
    /// - Parameter precondition: what must hold of it.
    /// - Throws: `.notFound` or `.conflict` when the precondition does not hold, `.forbidden`, `.outcomeUnknown`, or why it could not
    ///   be deleted.
    public func delete(if precondition: FirestorePrecondition? = nil) async throws(FreshetError) {
        var batch = FirestoreBatch()
        try batch.delete(self, if: precondition)
        try await self.firestore.commit(batch)
    }

    private func commit(_ batch: FirestoreBatch) async throws(FreshetError) -> FirestoreWriteResult {
        // There is a result for each write, or the commit throws.
        try await self.firestore.commit(batch).first ?? FirestoreWriteResult(updateTime: nil, transformed: [:])
    }
}
