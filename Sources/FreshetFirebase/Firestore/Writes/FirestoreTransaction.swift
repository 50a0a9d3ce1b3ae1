// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Reads, and writes that are committed only if nobody has changed meanwhile what was read.
///
/// ```swift
/// let left = try await firestore.runTransaction { transaction in
///     let stock = try await transaction.get(tea)?["stock"]
///     guard case .integer(let count) = stock, count > 0 else { throw SoldOut() }
///     try transaction.update(tea, ["stock": .set(.integer(count - 1))])
///     return count - 1
/// }
/// ```
///
/// Nothing is locked. All reads come before the writes.
public struct FirestoreTransaction: Sendable {
    let firestore: Firestore
    /// What was read: when each document was changed last; nil: it was not there.
    private var versions: [FirestoreName: FirestoreTimestamp?] = [:]
    private var batch = FirestoreBatch()
    /// What was read at two times was two different things: nothing can come of it.
    private(set) var isTorn = false

    init(_ firestore: Firestore) { self.firestore = firestore }

    /// Whether another attempt may find something else.
    var hasRead: Bool { !self.versions.isEmpty }

    /// Reads a document.
    ///
    /// - Parameter reference: the document.
    /// - Returns: the document; nil when it is not there.
    /// - Throws: `.invalidInput` after a write, `.forbidden`, `.decoding`, or why there was no answer.
    public mutating func get(_ reference: FirestoreDocumentReference) async throws(FreshetError) -> FirestoreDocument? {
        try await self.get([reference]).first ?? nil
    }

    /// Reads several documents as they were at one moment.
    ///
    /// - Parameter references: which.
    /// - Returns: the documents in the same order; nil for those that are not there.
    /// - Throws: as ``get(_:)-(FirestoreDocumentReference)``.
    public mutating func get(
        _ references: [FirestoreDocumentReference]
    ) async throws(FreshetError) -> [FirestoreDocument?] {
        guard self.batch.count == 0 else {
            throw FreshetError(.invalidInput, "a transaction reads before it writes", hint: "put the reads first")
        }
        let documents = try await self.firestore.get(references)
        for (reference, document) in zip(references, documents) {
            let name = try reference.name.get()
            if let known = self.versions[name], known != document?.updateTime { self.isTorn = true }
            self.versions[name] = .some(document?.updateTime)
        }
        return documents
    }

    /// Makes a document.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - value: what is in it.
    ///   - transforms: fields that the server fills in.
    /// - Throws: `.conflict` when it was read and is there, `.invalidInput` for what cannot be written.
    public mutating func create(
        _ reference: FirestoreDocumentReference,
        _ value: some Encodable,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
    ) throws(FreshetError) {
        let name = try reference.name.get()
        if let version = self.versions[name], version != nil {
            throw FreshetError(.conflict(version: nil), "the document \(name.path) is there already")
        }
        try self.batch.create(reference, value, transforms: transforms)
    }

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - value: what is in it.
    ///   - merge: what happens with the fields that are there.
    ///   - transforms: fields that the server fills in.
    /// - Throws: `.invalidInput` for what cannot be written.
    public mutating func set(
        _ reference: FirestoreDocumentReference,
        _ value: some Encodable,
        merge: FirestoreMerge = .none,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
    ) throws(FreshetError) {
        try self.batch.set(
            reference,
            value,
            merge: merge,
            transforms: transforms,
            if: self.precondition(try reference.name.get())
        )
    }

    /// Changes fields of a document.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - fields: what becomes of which field.
    /// - Throws: `.notFound` when it was read and is not there, `.invalidInput` for what cannot be written.
    public mutating func update(
        _ reference: FirestoreDocumentReference,
        _ fields: [FirestoreFieldPath: FirestoreFieldUpdate]
    ) throws(FreshetError) {
        let name = try reference.name.get()
        if let version = self.versions[name], version == nil {
            throw FreshetError(.notFound, "the document \(name.path) is not there, so it cannot be updated")
        }
        try self.batch.update(reference, fields, if: self.precondition(name))
    }

    /// Deletes a document.
    ///
    /// - Parameter reference: the document.
    /// - Throws: `.invalidInput` for what is no document.
    public mutating func delete(_ reference: FirestoreDocumentReference) throws(FreshetError) {
        try self.batch.delete(reference, if: self.precondition(try reference.name.get()))
    }

    /// That it is as it was read. Only of its first write: after that it is what this commit makes of it.
    private func precondition(_ name: FirestoreName) -> FirestorePrecondition? {
        guard let version = self.versions[name], !self.batch.writes.contains(where: { $0.name == name }) else {
            return nil
        }
        return version.map { .updatedAt($0) } ?? .exists(false)
    }

    /// What is committed: the writes, and that everything else that was read is still as it was.
    var writes: [FirestoreWrite] {
        let written = Set(self.batch.writes.map(\.name))
        let read = self.versions.keys.filter { !written.contains($0) }.sorted { $0.description < $1.description }
        return self.batch.writes
            + read.map { FirestoreWrite(name: $0, operation: .verify, precondition: self.precondition($0)) }
    }
}
