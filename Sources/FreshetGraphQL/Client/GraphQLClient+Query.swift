// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension GraphQLClient {
    /// Asks a query, over what the configuration says: HTTP, unless it is the WebSocket.
    ///
    /// When the connection breaks before the result is there, it is asked again. Cancelling the task takes
    /// it back.
    ///
    /// - Parameters:
    ///   - type: what to decode: the value of the query's one root field. Ask for ``GraphQLResponse`` by
    ///     ``respond(to:as:_:variables:operationName:isolation:)`` to get partial results.
    ///   - query: the document.
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - policy: where the result comes from, with a cache: from it where all of it is there, by default. `cacheAndNetwork`
    ///     returns what is there, and asks the server behind it: ``watch(_:_:variables:operationName:policy:)`` hands out both.
    ///   - isolation: where the caller runs; there is no hop.
    /// - Returns: the value.
    /// - Throws: `.operationFailed`, `.decoding`, `.cancelled`, or what ended the connection for good.
    public func query<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        policy: GraphQLCachePolicy? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(FreshetError) -> Value {
        var request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        request.kind = .query
        let payload =
            self.store == nil && policy == nil
            ? try await self.result(of: request, isolation: isolation)
            : try await self.result(of: request, policy: policy)
        return try GraphQLResponse<Value>(payload).valueOrFailure(payload)
    }

    /// Executes a mutation, once.
    ///
    /// It is never sent twice. When the connection breaks after it was sent and before its result came, nobody knows whether
    /// it was executed, and that is what it throws: `.outcomeUnknown`.
    ///
    /// - Parameters:
    ///   - type: what to decode: the value of the mutation's one root field.
    ///   - mutation: the document.
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - optimistic: what its `data` will probably be, `__typename` and `id` of each object with it: the cache shows it until
    ///     the result is there, or it has failed.
    ///   - isolation: where the caller runs; there is no hop.
    /// - Returns: the value.
    /// - Throws: `.outcomeUnknown`, `.operationFailed`, `.decoding`, `.cancelled`, or what ended the connection for good.
    public func mutate<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ mutation: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        optimistic: JSONValue? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(FreshetError) -> Value {
        var request = GraphQLRequest(query: mutation, operationName: operationName, variables: variables)
        request.kind = .mutation
        let payload =
            self.store == nil
            ? try await self.result(of: request, isolation: isolation)
            : try await self.mutated(request, optimistic: optimistic)
        return try GraphQLResponse<Value>(payload).valueOrFailure(payload)
    }

    /// Asks a query, or executes a mutation, and returns the value with the errors beside it.
    ///
    /// - Parameters:
    ///   - kind: which of the two; a subscription's first result, if it is that.
    ///   - type: what to decode.
    ///   - document: the document.
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - isolation: where the caller runs; there is no hop.
    /// - Returns: the value, if there is one, and the errors.
    /// - Throws: as ``query(_:_:variables:operationName:isolation:)`` and
    ///   ``mutate(_:_:variables:operationName:isolation:)``, but for errors beside a value.
    public func respond<Value: Decodable & Sendable>(
        to kind: OperationKind,
        as type: Value.Type = Value.self,
        _ document: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(FreshetError) -> GraphQLResponse<Value> {
        var request = GraphQLRequest(query: document, operationName: operationName, variables: variables)
        request.kind = kind
        return try GraphQLResponse<Value>(try await self.result(of: request, isolation: isolation))
    }

    /// The one result of an operation, as it came.
    package func payload(of request: GraphQLRequest) async throws(FreshetError) -> GraphQLPayload {
        try await self.result(of: request, isolation: nil)
    }

    /// The one result of an operation, by the configured carrier.
    func result(
        of request: GraphQLRequest,
        isolation: isolated (any Actor)?
    ) async throws(FreshetError) -> GraphQLPayload {
        switch self.configuration.carrier {
        case .webSocket: return try await self.resultOverWebSocket(of: request, isolation: isolation)
        case .http: break
        }
        if let refusal = self.refusal(of: request) { throw refusal }
        return try await self.http.get().result(of: request)
    }

    /// The one result of an operation over the WebSocket.
    func resultOverWebSocket(
        of request: GraphQLRequest,
        isolation: isolated (any Actor)?
    ) async throws(FreshetError) -> GraphQLPayload {
        if let refusal = self.refusal(of: request) { throw refusal }
        guard let subscriptions = self.subscriptions else { throw FreshetError(.clientClosed, "there is no client") }
        let buffer = subscriptions.open(SubscriptionEngine<GraphQLSource>.Opening(request, isShared: false))
        defer { buffer.leave() }
        let batch = try await buffer.next(isolation: isolation)
        if case .update(let json)? = batch?.first { return try GraphQLPayload(json) }
        if Task.isCancelled { throw FreshetError(.cancelled, "the task was cancelled before the result came") }
        throw FreshetError(
            .protocolViolation,
            "the server completed the operation without a result",
            hint: "check that the URL is a GraphQL endpoint"
        )
    }
}
