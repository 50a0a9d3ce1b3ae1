// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetHTTP

/// One collection of a database.
public struct FirestoreCollectionReference: Sendable, FirestoreQueryable {
    /// The database's client.
    public let firestore: Firestore
    let location: Result<FirestorePath, FreshetError>

    /// The last part of its path.
    public var id: String { (try? self.location.get())?.last ?? "" }

    /// A document in it.
    ///
    /// - Parameter id: the last part of its path; nil: a new one that nobody else has.
    /// - Returns: the document.
    public func document(_ id: String? = nil) -> FirestoreDocumentReference {
        let id = id ?? Self.newID()
        return FirestoreDocumentReference(
            firestore: self.firestore,
            location: Result { () throws(FreshetError) in
                try self.location.get().appending(id).checkedAsDocument()
            }
        )
    }

    /// Twenty letters and digits by chance, as Firestore's own: 119 bits.
    private static func newID() -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<20).compactMap { _ in letters.randomElement() })
    }

    /// Makes a document with a new id.
    ///
    /// - Parameters:
    ///   - value: what is in it: a type of your own, or fields.
    ///   - transforms: fields that the server fills in.
    /// - Returns: the document.
    /// - Throws: `.forbidden`, `.invalidInput`, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func add(
        _ value: some Encodable,
        transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
    ) async throws(FreshetError) -> FirestoreDocumentReference {
        let document = self.document()
        try await document.create(value, transforms: transforms)
        return document
    }

    /// All documents in it, to be sorted, limited, and asked for.
    public var query: FirestoreQuery {
        FirestoreQuery(
            firestore: self.firestore,
            structured: Result { () throws(FreshetError) in
                let path = try self.location.get()
                return FirestoreStructuredQuery(
                    database: try self.firestore.database.get(),
                    parent: path.parent,
                    collectionID: path.last
                )
            }
        )
    }

    /// A page of the documents, by their names. Pages are not of one moment: ``FirestoreQueryable/get()`` brings all documents as they
    /// are at one.
    ///
    /// - Parameters:
    ///   - size: how many at most; the server may give fewer, and go on all the same.
    ///   - token: what the page before said; nil: from the beginning.
    /// - Returns: the page.
    /// - Throws: `.forbidden`, `.decoding`, or why there was no answer.
    public func page(size: Int = 300, after token: String? = nil) async throws(FreshetError) -> FirestorePage {
        struct Answer: Decodable { let documents: [FirestoreDocument]?, nextPageToken: String? }
        let path = "\(try self.firestore.database.get())/documents/\(try self.location.get().encoded)"
        let answer = try await self.firestore.http.get(
            path,
            query: ["pageSize": size, "pageToken": token],
            as: Answer.self
        )
        let next = answer.nextPageToken.flatMap { $0.isEmpty ? nil : $0 }
        return FirestorePage(documents: answer.documents ?? [], next: next)
    }
}
