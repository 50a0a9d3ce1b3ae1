// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport
public import Logging

/// GraphQL subscriptions from one server, all on one WebSocket, over `graphql-transport-ws`.
///
/// ```swift
/// let api = GraphQLClient(url: "wss://api.example.com/graphql")
/// for try await event in api.subscribe(Tick.self, "subscription { tick { symbol price } }") { … }
/// ```
///
/// The connection comes about with the first subscription and goes with the last. When it breaks, it is made again with
/// backoff and everything is subscribed again; each feed then says with a ``FeedEvent/gap(_:)`` that something may be
/// missing. The first connection is not retried: a wrong URL fails at once.
public struct GraphQLClient: Sendable {
    private let subscriptions: SubscriptionClient<GraphQLTransportWS>?
    /// Why there are none: what is wrong with the URL.
    private let refusal: FreshetError?

    /// Makes a client; nothing is connected before the first subscription.
    ///
    /// - Parameters:
    ///   - url: where the server is, as in `wss://host/graphql`; `ws:`, and `graphql+ws:` and `graphql+wss:` as on the
    ///     command line, work too. One that cannot work is told by the first subscription, as `.invalidInput`.
    ///   - configuration: headers, TLS, retries and limits.
    ///   - loop: where to run.
    ///   - logger: told about what a server does wrong without harm.
    public init(
        url: String,
        configuration: GraphQLClientConfiguration = GraphQLClientConfiguration(),
        loop: EventLoop = .shared,
        logger: Logger = Logger(label: "freshet.graphql")
    ) {
        self.init(url: url, configuration: configuration, loop: loop, transport: LWSTransport(), logger: logger)
    }

    package init(
        url: String,
        configuration: GraphQLClientConfiguration,
        loop: EventLoop,
        transport: any WebSocketTransport,
        time: TimeSource = TimeSource(),
        logger: Logger = Logger(label: "freshet.graphql")
    ) {
        do throws(FreshetError) {
            var target = WebSocketTarget(
                endpoint: try Self.endpoint(url),
                configuration: configuration.webSocket
            )
            if configuration.connectionParameters != nil { target.configuration.redirects.acrossOrigins = false }
            self.subscriptions = SubscriptionClient(
                source: GraphQLTransportWS(parameters: configuration.connectionParameters),
                target: target,
                policy: configuration.policy,
                loop: loop,
                transport: transport,
                time: time,
                logger: logger
            )
            self.refusal = Self.refusal(of: configuration.connectionParameters, "a connection parameter")
        } catch {
            self.subscriptions = nil
            self.refusal = error
        }
    }

    private static func refusal(of value: JSONValue?, _ name: String) -> FreshetError? {
        guard let value, !value.isRepresentable else { return nil }
        return FreshetError(.invalidInput, "\(name) is infinite or not a number, which JSON has no text for")
    }

    /// The endpoint of a URL in any of its spellings.
    package static func endpoint(_ url: String) throws(FreshetError) -> Endpoint {
        try Endpoint(url.hasPrefix("graphql+") ? String(url.dropFirst("graphql+".count)) : url)
    }

    /// Subscribes, and decodes each result as `Value`.
    ///
    /// A subscription has one root field; its value is what is decoded: for `subscription { count(to: 5) }` that is a
    /// number. A result with `errors` ends the feed; to get partial results, subscribe to ``GraphQLResponse`` by
    /// ``subscribeToResponses(_:_:variables:operationName:)``. Leaving the loop, or cancelling its task, unsubscribes.
    ///
    /// - Parameters:
    ///   - type: what to decode.
    ///   - query: the document, with one subscription (or one more operation, then `operationName` chooses).
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    /// - Returns: a feed that throws `.operationFailed` when the server refuses, `.decoding` when a result has another
    ///   shape, or what ended the connection for good.
    public func subscribe<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil
    ) -> Feed<FeedEvent<Value>> {
        let request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        return self.feed(request) { payload throws(FreshetError) in
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
    /// - Returns: a feed as of ``subscribe(_:_:variables:operationName:)``, but for results with errors.
    public func subscribeToResponses<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil
    ) -> Feed<FeedEvent<GraphQLResponse<Value>>> {
        let request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        return self.feed(request) { payload throws(FreshetError) in try GraphQLResponse<Value>(payload) }
    }

    /// Subscribes, and hands out the payloads as they came.
    package func subscribeToPayloads(_ request: GraphQLRequest) -> Feed<FeedEvent<GraphQLPayload>> {
        self.feed(request) { $0 }
    }

    private func feed<Value: Sendable>(
        _ request: GraphQLRequest,
        decode: @escaping @Sendable (GraphQLPayload) throws(FreshetError) -> Value
    ) -> Feed<FeedEvent<Value>> {
        Feed(
            open: { [subscriptions, refusal] in
                let refusal = refusal ?? Self.refusal(of: request.variables.map { .object($0) }, "a variable")
                if let subscriptions, refusal == nil { return subscriptions.subscribe(to: request) }
                let buffer = FeedBuffer(resumeReading: {}, consumerLeft: {})
                if let refusal { buffer.finish(.failed(refusal)) }
                return buffer
            },
            decode: { item throws(FreshetError) in
                switch item {
                case .gap(let gap): .gap(gap)
                case .update(let json): .update(try decode(try GraphQLPayload(json)))
                }
            }
        )
    }

    /// What the connection does, from now on, beginning with its present state. A reader that is slow misses the oldest.
    public var connectionStates: AsyncStream<ConnectionState> {
        self.subscriptions?.states ?? AsyncStream { $0.finish() }
    }

    /// Ends every open feed with `.clientClosed`, says goodbye to the server, and returns when the connection is gone: after
    /// 1 s at most.
    public func close() async {
        await self.subscriptions?.close()
    }
}
