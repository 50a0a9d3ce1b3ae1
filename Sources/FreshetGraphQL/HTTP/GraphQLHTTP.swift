// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTransport
import HTTPTypes

/// Queries and mutations over HTTP (the GraphQL-over-HTTP specification, draft of 2025), as POST.
struct GraphQLHTTP: Sendable {
    private let client: HTTPClient
    private let persistsQueries: Bool
    /// The server has said that it takes no hashes, which it says to the document too where the hash is with it.
    private let refusesHashes = Locked(false)
    private let batcher: GraphQLBatcher?

    init(
        _ configuration: GraphQLHTTPConfiguration,
        url: String,
        webSocket: WebSocketConfiguration,
        credentials: CredentialProvider?,
        time: TimeSource
    ) throws(FreshetError) {
        let (url, client) = try configuration.resolved(url: url, webSocket: webSocket)
        let credentials = credentials.map { CredentialsMiddleware($0, time: time) }
        self.client = HTTPClient(
            baseURL: url,
            configuration: client,
            middlewares: configuration.middlewares + (credentials.map { [$0] } ?? []),
            transport: configuration.transport
        )
        self.persistsQueries = configuration.persistsQueries
        self.batcher = configuration.batching.map { GraphQLBatcher($0, time: time) }
    }

    /// The one result of an operation.
    func result(of request: GraphQLRequest) async throws(FreshetError) -> GraphQLPayload {
        guard self.persistsQueries, !self.refusesHashes.withLock({ $0 }) else { return try await self.sent(request) }
        var short = request
        short.extensions = Self.hash(of: request)
        short.query = ""
        let lack: Lack
        do throws(FreshetError) {
            let payload = try await self.sent(short)
            guard let errors = payload.errors, let found = Self.lack(in: errors.array) else { return payload }
            lack = found
        } catch {
            guard case .operationFailed(let errors) = error.kind, let found = Self.lack(in: errors) else { throw error }
            lack = found
        }
        var long = request
        switch lack {
        case .document: long.extensions = short.extensions
        case .support: self.refusesHashes.withLock { $0 = true }
        }
        return try await self.sent(long)
    }

    private func sent(_ request: GraphQLRequest) async throws(FreshetError) -> GraphQLPayload {
        if let batcher = self.batcher, request.kind == .query {
            let payload = try await batcher.result(of: request) { requests throws(FreshetError) in
                try await self.exchange(try HTTPBody.json(requests), isIdempotent: true)
            }
            return try GraphQLPayload(payload)
        }
        // A query may be asked twice; a mutation never is, once it was sent.
        return try GraphQLPayload(
            try await self.exchange(try HTTPBody.json(request), isIdempotent: request.kind == .query)
        )
    }

    /// Sends a body, and returns the answer's.
    private func exchange(_ body: HTTPBody, isIdempotent: Bool) async throws(FreshetError) -> Bytes {
        let headers: HTTPFields = [
            .contentType: "application/json", .accept: "application/graphql-response+json, application/json;q=0.9",
        ]
        var call = try self.client.call(.post, "", headers: headers, body: body)
        call.collectsBody = true
        call.isIdempotent = isIdempotent
        let reply = try await self.client.send(call)
        if reply.response.status.kind == .successful { return reply.body.bytes ?? Bytes(copying: []) }
        // A server that refuses the operation says so with 400 or 422, and the errors in the body.
        if [400, 405, 422, 500].contains(reply.response.status.code), let body = reply.body.bytes,
            let payload = try? GraphQLPayload(body), let errors = payload.errors
        {
            throw GraphQLSource.failure(errors)
        }
        return try await reply.checked(for: call).body.bytes ?? Bytes(copying: [])
    }

    // MARK: - Persisted queries

    private static func hash(of request: GraphQLRequest) -> JSONValue {
        let hash: JSONValue = ["version": 1, "sha256Hash": .string(SHA256.hexadecimal(of: request.query))]
        guard case .object(var members)? = request.extensions else { return ["persistedQuery": hash] }
        members["persistedQuery"] = hash
        return .object(members)
    }

    /// What a server needs that cannot do with the hash.
    private enum Lack {
        /// The document, with the hash, by which it knows it from then on.
        case document
        /// The document alone: it has no persisted queries.
        case support
    }

    private static func lack(in errors: [UInt8]) -> Lack? {
        for error in GraphQLError.list(from: errors) {
            let code = error.extensions?["code"]
            if code == "PERSISTED_QUERY_NOT_SUPPORTED" || error.message == "PersistedQueryNotSupported" {
                return .support
            }
            if code == "PERSISTED_QUERY_NOT_FOUND" || error.message == "PersistedQueryNotFound" { return .document }
        }
        return nil
    }
}
