// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetHTTP

/// The objects of one kind: read, listed, written and watched, over REST or in documents.
///
/// ```swift
/// let items = Repository<Item>(api, at: "items")          // GET items, GET items/1, POST items, …
/// for try await item in items.list() { … }                // page by page, as they are needed
/// let item = try await items.create(Draft(title: "Tea"))
/// ```
///
/// `Model` is what the server answers with; its `id` stands in the path, or is the document's key.
public struct Repository<Model: Codable & Sendable & Identifiable>: Sendable
where Model.ID: LosslessStringConvertible & Sendable {
    let store: any RepositoryStore<Model>

    /// Makes a repository over REST; nothing is asked before the first call.
    ///
    /// - Parameters:
    ///   - client: carries the calls: base URL, credentials, retries.
    ///   - path: where the objects are, below the client's base URL.
    ///   - paging: how the server divides lists.
    ///   - live: a feed of one object, such as a GraphQL subscription; nil: ``watch(_:pace:)`` asks again and again.
    public init(
        _ client: HTTPClient,
        at path: String,
        paging: Paging = .cursor(),
        live: (@Sendable (Model.ID) -> Feed<FeedEvent<Model>>)? = nil
    ) {
        self.init(RESTStore(client: client, path: path, paging: paging, live: live))
    }

    package init(_ store: any RepositoryStore<Model>) { self.store = store }

    // MARK: - Reading

    /// Reads an object.
    ///
    /// - Parameter id: whose.
    /// - Returns: the object.
    /// - Throws: `.notFound` where there is none, or what else the status means.
    public func get(_ id: Model.ID) async throws(FreshetError) -> Model {
        try await self.store.get(id).value
    }

    /// Reads an object and its version, to be given to ``update(_:with:ifVersion:)``.
    ///
    /// - Parameter id: whose.
    /// - Returns: the object, and its entity tag (RFC 9110 8.8.3) if the server says one.
    /// - Throws: as ``get(_:)``.
    public func getVersioned(_ id: Model.ID) async throws(FreshetError) -> Versioned<Model> {
        try await self.store.get(id)
    }

    /// All objects, page by page: the next page is asked for when the last one has been taken.
    ///
    /// - Parameters:
    ///   - query: what to ask for, as the server understands it.
    ///   - pageSize: how many objects a page is to have; nil leaves it to the server.
    /// - Returns: the objects, in the server's order. Iterating throws what a page's status means.
    public func list(_ query: HTTPQuery = [:], pageSize: Int? = nil) -> RepositoryList<Model> {
        RepositoryList { self.store.pages(query, size: pageSize) }
    }

    // MARK: - Writing

    /// Makes an object.
    ///
    /// - Parameters:
    ///   - draft: what the server is to make it of.
    ///   - idempotencyKey: by which the server recognises the call when it is sent again; without one it is sent once.
    /// - Returns: the object, as the server made it.
    /// - Throws: `.validation` with the fields that are wrong, `.outcomeUnknown` when the connection broke after it was
    ///   sent, or what else the status means.
    @discardableResult
    public func create(
        _ draft: some Encodable & Sendable,
        idempotencyKey: String? = nil
    ) async throws(FreshetError) -> Model {
        try await self.store.create(draft, idempotencyKey: idempotencyKey)
    }

    /// Changes an object: PATCH with what is to be changed.
    ///
    /// - Parameters:
    ///   - id: whose.
    ///   - changes: what is to be changed.
    ///   - version: only if the object is still of this version (`If-Match`).
    /// - Returns: the object, as it is now.
    /// - Throws: `.conflict` when it is of another version, `.validation`, `.notFound`, `.outcomeUnknown`.
    @discardableResult
    public func update(
        _ id: Model.ID,
        with changes: some Encodable & Sendable,
        ifVersion version: String? = nil
    ) async throws(FreshetError) -> Model {
        try await self.store.update(id, with: changes, ifVersion: version)
    }

    /// Replaces an object: PUT with all of it.
    ///
    /// - Parameters:
    ///   - model: what it is to be.
    ///   - version: only if the object is still of this version (`If-Match`).
    /// - Returns: the object, as it is now.
    /// - Throws: as ``update(_:with:ifVersion:)``.
    @discardableResult
    public func replace(_ model: Model, ifVersion version: String? = nil) async throws(FreshetError) -> Model {
        try await self.store.replace(model, ifVersion: version)
    }

    /// Deletes an object.
    ///
    /// - Parameters:
    ///   - id: whose.
    ///   - version: only if the object is still of this version (`If-Match`).
    /// - Throws: `.notFound`, `.conflict`, or what else the status means.
    public func delete(_ id: Model.ID, ifVersion version: String? = nil) async throws(FreshetError) {
        try await self.store.delete(id, ifVersion: version)
    }
}
