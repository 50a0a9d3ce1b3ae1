// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport
public import Logging

/// GraphQL from one server: subscriptions that survive over one WebSocket, queries and mutations over HTTP.
///
/// ```swift
/// let api = GraphQLClient(url: "wss://api.example.com/graphql")
/// for try await event in api.subscribe(Tick.self, "subscription { tick { symbol price } }") { … }
/// ```
///
/// The connection comes about with the first operation and goes with the last. When it breaks, it is made again with
/// backoff and everything is subscribed again; each feed then says with a ``FeedEvent/gap(_:)`` that something may be
/// missing, unless its ``GraphQLRecovery`` can make up for it. The first connection is not retried: a wrong URL fails at
/// once.
///
/// It speaks `graphql-transport-ws` and the older `graphql-ws`, whichever the server chooses.
public struct GraphQLClient: Sendable {
    let subscriptions: SubscriptionClient<GraphQLSource>?
    let http: Result<GraphQLHTTP, FreshetError>
    /// The cache, where there is one.
    let store: GraphQLStore?
    /// Why there are none: what is wrong with the URL.
    let refusal: FreshetError?
    let configuration: GraphQLClientConfiguration

    /// Makes a client; nothing is connected before the first operation.
    ///
    /// - Parameters:
    ///   - url: where the server is, as in `wss://host/graphql`; `ws:`, and `graphql+ws:` and `graphql+wss:` as on the
    ///     command line, work too. One that cannot work is told by the first operation, as `.invalidInput`.
    ///   - configuration: headers, credentials, TLS, retries and limits.
    ///   - loop: where to run.
    ///   - logger: told about connections, and what a server does wrong without harm.
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
        self.configuration = configuration
        self.store = configuration.cache.map { GraphQLStore($0) }
        do throws(FreshetError) {
            let http = try GraphQLHTTP(
                configuration.http,
                url: url,
                webSocket: configuration.webSocket,
                credentials: configuration.credentials,
                time: time
            )
            self.http = .success(http)
        } catch {
            self.http = .failure(error)
        }
        do throws(FreshetError) {
            var target = WebSocketTarget(
                endpoint: try Self.endpoint(url),
                configuration: configuration.webSocket
            )
            if configuration.connectionParameters != nil { target.configuration.redirects.acrossOrigins = false }
            self.subscriptions = SubscriptionClient(
                source: GraphQLSource(
                    parameters: configuration.connectionParameters,
                    dialects: configuration.dialects
                ),
                target: target,
                policy: configuration.policy,
                credentials: configuration.credentials,
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

    /// What makes an operation impossible before anything is sent.
    func refusal(of request: GraphQLRequest) -> FreshetError? {
        if let refusal = self.refusal { return refusal }
        if request.kind != .subscription, self.configuration.carrier == .webSocket,
            self.configuration.dialects == [.appSync]
        {
            return FreshetError(
                .invalidInput,
                "AppSync takes subscriptions over WebSocket, and nothing else",
                hint: "send queries and mutations over HTTP"
            )
        }
        return Self.refusal(of: request.variables.map { .object($0) }, "a variable")
    }

    /// The endpoint of a URL in any of its spellings.
    package static func endpoint(_ url: String) throws(FreshetError) -> Endpoint {
        try Endpoint(url.hasPrefix("graphql+") ? String(url.dropFirst("graphql+".count)) : url)
    }

    // MARK: - The connection

    /// What the connection does, from now on, beginning with its present state. A reader that is slow misses the oldest.
    public var connectionStates: AsyncStream<ConnectionState> {
        self.subscriptions?.states ?? AsyncStream { $0.finish() }
    }

    /// How the client is: now, and again after each interval.
    ///
    /// - Parameter interval: how often.
    /// - Returns: a sequence that ends when its task is cancelled.
    public func health(every interval: Duration = .seconds(1)) -> AsyncStream<ConnectionHealth> {
        self.subscriptions?.health(every: interval) ?? AsyncStream { $0.finish() }
    }

    /// Tells what the app, or its system, knows of the network or of itself: a changed network, sleep, new credentials.
    ///
    /// - Parameter hint: what happened.
    public func hint(_ hint: ConnectionHint) {
        self.subscriptions?.hint(hint)
    }

    /// Ends every open feed with `.clientClosed`, says goodbye to the server, and returns when the connection is gone: after
    /// 1 s at most. It never connects again.
    public func close() async {
        await self.subscriptions?.close()
    }
}
