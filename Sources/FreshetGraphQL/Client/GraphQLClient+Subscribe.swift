// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension GraphQLClient {
    /// Subscribes, and decodes each result as `Value`.
    ///
    /// A subscription has one root field; its value is what is decoded: for `subscription { count(to: 5) }` that is a
    /// number. A result with `errors` ends the feed; to get partial results, subscribe to ``GraphQLResponse`` by
    /// ``subscribeToResponses(_:_:variables:operationName:delivery:)``. Leaving the loop, or cancelling its task,
    /// unsubscribes.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - query: the document, with one subscription (or one more operation, then `operationName` chooses).
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - recovery: how to make up for what was missed while there was no connection.
    ///   - position: where to go on, as ``Feed/positioned`` of an earlier feed told it; needs a recovery by cursor.
    ///   - delivery: what happens when the consumer is slow; as configured, if nil.
    /// - Returns: a feed that throws `.operationFailed` when the server refuses, `.decoding` when a result has another
    ///   shape, or what ended the connection for good.
    public func subscribe<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        recovery: GraphQLRecovery<Value> = .none,
        from position: Position? = nil,
        delivery: DeliveryPolicy? = nil
    ) -> Feed<FeedEvent<Value>> {
        let request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        return self.feed(request, recovery, from: position, delivery) { payload throws(FreshetError) in
            try GraphQLResponse<Value>(payload).valueOrFailure(payload)
        }
    }

    /// Subscribes, and hands out each result with its errors, whether or not there is a value.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - query: the document.
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - delivery: what happens when the consumer is slow; as configured, if nil.
    /// - Returns: a feed as of ``subscribe(_:_:variables:operationName:recovery:from:delivery:)``, but for results with
    ///   errors.
    public func subscribeToResponses<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        delivery: DeliveryPolicy? = nil
    ) -> Feed<FeedEvent<GraphQLResponse<Value>>> {
        let request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        return self.feed(request, .none, from: nil, delivery) { payload throws(FreshetError) in
            try GraphQLResponse<Value>(payload)
        }
    }

    /// Subscribes, and hands out the payloads as they came.
    package func subscribeToPayloads(
        _ request: GraphQLRequest,
        recovery: GraphQLRecovery<GraphQLPayload> = .none,
        from position: Position? = nil,
        delivery: DeliveryPolicy? = nil
    ) -> Feed<FeedEvent<GraphQLPayload>> {
        self.feed(request, recovery, from: position, delivery) { $0 }
    }

    private func feed<Value: Sendable>(
        _ request: GraphQLRequest,
        _ recovery: GraphQLRecovery<Value>,
        from position: Position?,
        _ delivery: DeliveryPolicy?,
        decode: @escaping @Sendable (GraphQLPayload) throws(FreshetError) -> Value
    ) -> Feed<FeedEvent<Value>> {
        var request = recovery.marking(request)
        // What the cache cannot read is the server's to refuse.
        let operation = self.store == nil ? nil : try? GraphQLOperation(of: request)
        if let operation { request.query = operation.document.text }
        let opening = SubscriptionEngine<GraphQLSource>.Opening(
            request,
            recovery: recovery.recovery,
            from: position,
            isShared: self.configuration.sharesSubscriptions,
            isPollable: recovery.isPollable(overHTTP: self.configuration.carrier == .http)
        )
        let delivery = self.delivery(delivery)
        // As the newest iteration began: those before it end with their user's session.
        let epoch = Locked<UInt64?>(nil)
        return Feed(
            open: { [request] in
                epoch.withLock { $0 = self.store?.epoch }
                if let subscriptions = self.subscriptions, self.refusal(of: request) == nil {
                    return subscriptions.open(opening, delivery: delivery, fetch: self.fetch(for: recovery))
                }
                let buffer = FeedBuffer(resumeReading: {}, consumerLeft: {})
                if let refusal = self.refusal(of: request) { buffer.finish(.failed(refusal)) }
                return buffer
            },
            position: { [request] item in
                guard case .update(let json) = item, request.cursorVariable != nil else { return nil }
                return request.mark(of: json)?.position
            },
            notice: self.notice(operation, epoch),
            decode: { item throws(FreshetError) in try Self.event(item, decode) }
        )
    }

    /// What comes goes into the cache before it is handed out, where there is one.
    private func notice(
        _ operation: GraphQLOperation?,
        _ epoch: Locked<UInt64?>
    ) -> (@Sendable (FeedItem) async -> Void)? {
        guard let operation, let store = self.store else { return nil }
        return { item in
            guard case .update(let json) = item.content else { return }
            // A result that is none of the document's is the consumer's to hear of.
            try? await store.write(json, operation, epoch: epoch.withLock { $0 })
        }
    }

    private static func event<Value: Sendable>(
        _ item: FeedItem,
        _ decode: (GraphQLPayload) throws(FreshetError) -> Value
    ) throws(FreshetError) -> FeedEvent<Value> {
        switch item {
        case .gap(let gap): .gap(gap)
        case .update(let json): .update(try decode(try GraphQLPayload(json)))
        case .snapshot(let json): .snapshot(try decode(try GraphQLPayload(json)))
        case .value(let value as Value, let isSnapshot): isSnapshot ? .snapshot(value) : .update(value)
        case .value: throw FreshetError(.decoding, "the snapshot has another type than the subscription")
        case .bookmark: throw FreshetError(.decoding, "GraphQL has no bookmarks")
        case .rest(let item): try Self.event(item, decode)
        }
    }

    /// Keys are below `data`, as everywhere in this module.
    private func delivery(_ delivery: DeliveryPolicy?) -> DeliveryPolicy {
        var delivery = delivery ?? self.configuration.delivery
        if case .latestPerKey(let path) = delivery.overflow { delivery.overflow = .latestPerKey(path.below("data")) }
        return delivery
    }

    private func fetch<Value: Sendable>(for recovery: GraphQLRecovery<Value>) -> SnapshotFetch? {
        switch recovery.kind {
        case .none, .cursor:
            return nil
        case .query(let request, let key, let version):
            return { snapshot throws(FreshetError) in
                let payload =
                    snapshot.overSocket
                    ? try await self.resultOverWebSocket(of: request, isolation: nil)
                    : try await self.http.get().result(of: request)
                if let errors = payload.errors {
                    throw FreshetError(
                        .operationFailed(payload: errors.array),
                        "the server could not make the snapshot"
                    )
                }
                return Fetched(
                    .snapshot,
                    items: [.snapshot(payload.json)],
                    versions: Self.versions(payload, key, version)
                )
            }
        case .function(let fetch, _, _):
            return { request throws(FreshetError) in
                try await FreshetError.calling("recovery") { try await fetch(request.validator) }.fetched()
            }
        case .custom(let recover):
            return { request throws(FreshetError) in
                switch try await FreshetError.calling("recovery", { try await recover(request.gap) }) {
                case .changes(let values): Fetched(.changes, items: values.map { .value($0, isSnapshot: false) })
                case .snapshot(let value): Fetched(.snapshot, items: [.value(value, isSnapshot: true)])
                case .nothing: Fetched(.nothing)
                }
            }
        }
    }

    private static func versions(
        _ payload: GraphQLPayload,
        _ key: JSONPath?,
        _ version: JSONPath?
    ) -> [JSONValue: Position] {
        var request = GraphQLRequest(query: "")
        request.keyPath = key?.below("data")
        request.positionPath = version?.below("data")
        guard let mark = request.mark(of: payload.json), let key = mark.key, let position = mark.position else {
            return [:]
        }
        return [key: position]
    }
}
