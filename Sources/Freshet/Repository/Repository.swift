// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetHTTP
import HTTPTypes

/// The objects of one kind on a server: read, listed, written, over REST.
///
/// ```swift
/// let items = Repository<Item>(api, at: "items")          // GET items, GET items/1, POST items, …
/// for try await item in items.list() { … }                // page by page, as they are needed
/// let item = try await items.create(Draft(title: "Tea"))
/// ```
///
/// `Model` is what the server answers with; its `id` stands in the path.
public struct Repository<Model: Codable & Sendable & Identifiable>: Sendable
where Model.ID: LosslessStringConvertible & Sendable {
    let client: HTTPClient
    let path: String
    let paging: Paging
    let live: (@Sendable (Model.ID) -> Feed<FeedEvent<Model>>)?

    /// Makes a repository; nothing is asked before the first call.
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
        self.client = client
        self.path = path
        self.paging = paging
        self.live = live
    }

    func path(of id: Model.ID) -> String {
        // An id is one step of the path, whatever is in it.
        let step = HTTPQuery.encoded(id.description)
        return self.path.hasSuffix("/") ? self.path + step : "\(self.path)/\(step)"
    }

    // MARK: - Reading

    /// Reads an object.
    ///
    /// - Parameter id: whose.
    /// - Returns: the object.
    /// - Throws: `.notFound` where there is none, or what else the status means.
    public func get(_ id: Model.ID) async throws(FreshetError) -> Model {
        try await self.client.get(self.path(of: id))
    }

    /// Reads an object and its version, to be given to ``update(_:with:ifVersion:)``.
    ///
    /// - Parameter id: whose.
    /// - Returns: the object, and its entity tag (RFC 9110 8.8.3) if the server says one.
    /// - Throws: as ``get(_:)``.
    public func getVersioned(_ id: Model.ID) async throws(FreshetError) -> Versioned<Model> {
        let reply = try await self.client.reply(to: .get, self.path(of: id), headers: [.accept: "application/json"])
        return Versioned(value: try reply.decoded(as: Model.self), version: reply.response.headerFields[.eTag])
    }

    /// All objects, page by page: the next page is asked for when the last one has been taken.
    ///
    /// - Parameters:
    ///   - query: what to ask for, as the server understands it.
    ///   - pageSize: how many objects a page is to have; nil leaves it to the server.
    /// - Returns: the objects, in the server's order. Iterating throws what a page's status means.
    public func list(_ query: HTTPQuery = [:], pageSize: Int? = nil) -> RepositoryList<Model> {
        RepositoryList(client: self.client, path: self.path, paging: self.paging, query: query, pageSize: pageSize)
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
    public func create(
        _ draft: some Encodable & Sendable,
        idempotencyKey: String? = nil
    ) async throws(FreshetError) -> Model {
        var headers: HTTPFields = [:]
        headers[.idempotencyKey] = idempotencyKey
        return try await self.client.post(self.path, json: draft, headers: headers)
    }

    /// Changes an object: PATCH with what is to be changed.
    ///
    /// - Parameters:
    ///   - id: whose.
    ///   - changes: what is to be changed.
    ///   - version: only if the object is still of this version (`If-Match`).
    /// - Returns: the object, as it is now.
    /// - Throws: `.conflict` when it is of another version, `.validation`, `.notFound`, `.outcomeUnknown`.
    public func update(
        _ id: Model.ID,
        with changes: some Encodable & Sendable,
        ifVersion version: String? = nil
    ) async throws(FreshetError) -> Model {
        try await self.client.patch(self.path(of: id), json: changes, headers: Self.condition(version))
    }

    /// Replaces an object: PUT with all of it.
    ///
    /// - Parameters:
    ///   - model: what it is to be.
    ///   - version: only if the object is still of this version (`If-Match`).
    /// - Returns: the object, as it is now.
    /// - Throws: as ``update(_:with:ifVersion:)``.
    public func replace(_ model: Model, ifVersion version: String? = nil) async throws(FreshetError) -> Model {
        try await self.client.put(self.path(of: model.id), json: model, headers: Self.condition(version))
    }

    /// Deletes an object.
    ///
    /// - Parameters:
    ///   - id: whose.
    ///   - version: only if the object is still of this version (`If-Match`).
    /// - Throws: `.notFound`, `.conflict`, or what else the status means.
    public func delete(_ id: Model.ID, ifVersion version: String? = nil) async throws(FreshetError) {
        try await self.client.delete(self.path(of: id), headers: Self.condition(version))
    }

    private static func condition(_ version: String?) -> HTTPFields {
        var headers: HTTPFields = [:]
        headers[.ifMatch] = version
        return headers
    }
}
