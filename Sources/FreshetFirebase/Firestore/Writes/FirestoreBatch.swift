// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Writes that are committed together: all of them, or none.
///
/// ```swift
/// var batch = FirestoreBatch()
/// try batch.create(firestore.document("users/ada"), User(name: "Ada"))
/// try batch.update(firestore.document("counters/users"), ["n": .increment(1)])
/// try await firestore.commit(batch)
/// ```
public struct FirestoreBatch: Sendable, Hashable {
    private(set) var writes: [FirestoreWrite] = []

    /// Makes a batch without writes.
    public init() {}

    /// How many writes there are.
    public var count: Int { self.writes.count }

    mutating func append(_ write: FirestoreWrite) { self.writes.append(write) }

    /// Makes a document; the commit fails with `.conflict` where it is there.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - value: what is in it.
    ///   - transforms: fields that the server fills in.
    /// - Throws: `.invalidInput` for what cannot be written.
    public mutating func create(
        _ reference: FirestoreDocumentReference,
        _ value: some Encodable,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
    ) throws(FreshetError) {
        self.append(
            try .set(
                reference.name.get(),
                try FirestoreValue.fields(encoding: value),
                merge: .none,
                transforms: transforms,
                precondition: .exists(false)
            )
        )
    }

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - value: what is in it.
    ///   - merge: what happens with the fields that are there.
    ///   - transforms: fields that the server fills in.
    ///   - precondition: what must hold of it.
    /// - Throws: `.invalidInput` for what cannot be written.
    public mutating func set(
        _ reference: FirestoreDocumentReference,
        _ value: some Encodable,
        merge: FirestoreMerge = .none,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:],
        if precondition: FirestorePrecondition? = nil
    ) throws(FreshetError) {
        self.append(
            try .set(
                reference.name.get(),
                try FirestoreValue.fields(encoding: value),
                merge: merge,
                transforms: transforms,
                precondition: precondition
            )
        )
    }

    /// Changes fields of a document; the commit fails with `.notFound` where it is not there.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - fields: what becomes of which field.
    ///   - precondition: what must hold of it instead of being there.
    /// - Throws: `.invalidInput` for what cannot be written.
    public mutating func update(
        _ reference: FirestoreDocumentReference,
        _ fields: [FirestoreFieldPath: FirestoreFieldUpdate],
        if precondition: FirestorePrecondition? = nil
    ) throws(FreshetError) {
        self.append(try .update(reference.name.get(), fields, precondition: precondition))
    }

    /// Deletes a document; one that is not there is none the worse.
    ///
    /// - Parameters:
    ///   - reference: the document.
    ///   - precondition: what must hold of it.
    /// - Throws: `.invalidInput` for what is no document.
    public mutating func delete(
        _ reference: FirestoreDocumentReference,
        if precondition: FirestorePrecondition? = nil
    ) throws(FreshetError) {
        self.append(FirestoreWrite(name: try reference.name.get(), operation: .delete, precondition: precondition))
    }
}
