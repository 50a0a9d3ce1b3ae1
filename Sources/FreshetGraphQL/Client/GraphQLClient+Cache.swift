// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Queries and mutations through the cache.
extension GraphQLClient {
    /// Forgets everything in the cache: another user must not see it. Call it when the one is signed out, before the next is
    /// signed in.
    ///
    /// What is on its way from the server then still reaches who asked for it, and does not get into the cache any more; nor does
    /// what comes of a feed that is being iterated, until it is iterated anew. Watches ask the server again.
    public func clearCache() async {
        await self.store?.clear()
    }

    /// Forgets one object in the cache, or one field of the query's root. Watches that showed it ask the server again.
    ///
    /// - Parameter name: `Item:1`, or `Query.item(id:"1")`.
    public func evictFromCache(_ name: String) async {
        await self.store?.evict(name)
    }

    /// The operation of a request, ready for the cache.
    func cached(_ request: GraphQLRequest, in store: GraphQLStore) async throws(FreshetError) -> CachedRequest {
        if let refusal = self.refusal(of: request) { throw refusal }
        let operation = try await store.operation(
            request.query,
            named: request.operationName,
            variables: request.variables ?? [:]
        )
        var asked = request
        // With the types' names in it, by which objects are recognised.
        asked.query = operation.document.text
        return CachedRequest(operation: operation, request: asked)
    }

    /// The one result of a query, from where the policy says.
    func result(
        of request: GraphQLRequest,
        policy: GraphQLCachePolicy?
    ) async throws(FreshetError) -> GraphQLPayload {
        guard let store = self.store else {
            guard policy == nil || policy == .networkOnly else { throw Self.noCache }
            return try await self.result(of: request, isolation: nil)
        }
        let cached = try await self.cached(request, in: store)
        guard policy == .cacheAndNetwork else {
            return try await self.first(of: cached, policy ?? .cacheFirst, in: store)
        }
        if let data = await store.read(cached.operation).data {
            // The other half of the policy: what the server says goes to the watches.
            Task { _ = try? await self.fetch(cached, into: store) }
            return try GraphQLPayload(data: data)
        }
        return try await self.fetch(cached, into: store)
    }

    /// Asks the server, and writes what it says into the cache.
    func fetch(_ cached: CachedRequest, into store: GraphQLStore) async throws(FreshetError) -> GraphQLPayload {
        let epoch = store.epoch
        let payload = try await self.result(of: cached.request, isolation: nil)
        try await store.write(payload.json, cached.operation, epoch: epoch)
        return payload
    }

    private func first(
        of cached: CachedRequest,
        _ policy: GraphQLCachePolicy,
        in store: GraphQLStore
    ) async throws(FreshetError) -> GraphQLPayload {
        let machine = GraphQLPolicyMachine(policy)
        var actions = machine.on(.began)
        var payload: GraphQLPayload?
        var failure = Self.noCache
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .read:
                let read = await store.read(cached.operation)
                payload = try read.data.map { data throws(FreshetError) in try GraphQLPayload(data: data) }
                if payload == nil, policy == .cacheOnly { failure = Self.notCached(read.missing) }
                actions = machine.on(payload == nil ? .miss : .hit)
            case .fetch:
                do throws(FreshetError) {
                    payload = try await self.fetch(cached, into: store)
                    actions = machine.on(.fetched)
                } catch {
                    failure = error
                    actions = machine.on(.failed)
                }
            case .emit, .finish:
                if let payload { return payload }
            case .failMissing, .failFetching:
                throw failure
            }
        }
        throw failure
    }

    /// Executes a mutation; what it says, and until then what it probably will say, goes into the cache.
    func mutated(
        _ request: GraphQLRequest,
        optimistic: JSONValue?
    ) async throws(FreshetError) -> GraphQLPayload {
        guard let store = self.store else { return try await self.result(of: request, isolation: nil) }
        let epoch = store.epoch
        let cached = try await self.cached(request, in: store)
        var layer: UInt64?
        if let optimistic {
            layer = try await store.optimistic(try Self.payload(of: optimistic), cached.operation, epoch: epoch)
        }
        do throws(FreshetError) {
            let payload = try await self.result(of: cached.request, isolation: nil)
            // In one step, so that nobody sees what was before in between.
            try await store.write(payload.json, cached.operation, replacing: layer, epoch: epoch)
            return payload
        } catch {
            if let layer { await store.rollback(layer) }
            throw error
        }
    }

    private static func payload(of data: JSONValue) throws(FreshetError) -> Bytes {
        guard data.isRepresentable, let body = try HTTPBody.json(["data": data]).bytes else {
            throw FreshetError(.invalidInput, "an optimistic result is infinite or not a number")
        }
        return body
    }

    static let noCache = FreshetError(
        .invalidInput,
        "this client has no cache",
        hint: "configuration.cache = GraphQLCacheConfiguration()"
    )

    static func notCached(_ missing: String?) -> FreshetError {
        FreshetError(
            .notFound,
            "the cache does not have all of it\(missing.map { ": \($0)" } ?? "")",
            hint: "another policy than .cacheOnly asks the server"
        )
    }
}

/// A request whose document the cache understands.
struct CachedRequest: Sendable {
    let operation: GraphQLOperation
    let request: GraphQLRequest
}

extension GraphQLPayload {
    /// A payload of nothing but data.
    init(data: Bytes) throws(FreshetError) {
        var json = Array(#"{"data":"#.utf8)
        data.append(to: &json)
        json.append(UInt8(ascii: "}"))
        try self.init(Bytes(copying: json))
    }
}
