// SPDX-License-Identifier: Apache-2.0

public import Freshet

extension Repository {
    /// Makes a repository over documents, of whatever source; nothing is asked before the first call.
    ///
    /// ```swift
    /// let users = Repository(firestore.collection("users").documents(as: User.self))
    /// for try await event in users.watch("ada") { … }
    /// ```
    ///
    /// An object's `id` is its document's key. What is particular to documents:
    /// - ``Repository/list(_:pageSize:)`` brings all of them as one page; a query is `.invalidInput`, for the collection itself says which
    ///   documents it has.
    /// - ``Repository/create(_:idempotencyKey:)`` takes a whole object, or whatever becomes one with its `id` in it.
    /// - ``Repository/update(_:with:ifVersion:)`` reads the document, puts in what is to be changed (a merge patch, RFC 7396), and writes
    ///   it if nobody was faster; without a version it does so five times before it throws `.conflict`.
    /// - ``Repository/watch(_:pace:)`` and ``Repository/watchList(_:pace:)`` are the source's own feeds, and never ask again and again. The
    ///   feed of one object throws `.notFound` where it is not there, or no more. Lists are in the order of their keys.
    ///
    /// - Parameter documents: where the objects are.
    public init(_ documents: some DocumentCollection<Model>) {
        self.init(DocumentStore(documents: documents))
    }
}
