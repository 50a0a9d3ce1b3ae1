// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport

/// How a ``GraphQLClient`` connects.
public struct GraphQLClientConfiguration: Sendable {
    /// How the WebSocket connects: headers such as `Authorization`, TLS, proxy, redirects, limits, pings.
    ///
    /// A redirect to another origin is followed only when there are no connection parameters: they may be credentials.
    public var webSocket: WebSocketConfiguration

    /// The payload of `connection_init`; nil sends none. Where there is a provider of credentials, its parameters count.
    public var connectionParameters: JSONValue?

    /// Asked before each attempt to connect, for headers and the payload of `connection_init`.
    public var credentials: CredentialProvider?

    /// When to connect, how long to wait, when to try again, what the end of a connection means.
    public var policy: ConnectionPolicy

    /// What carries queries and mutations.
    public var carrier = GraphQLCarrier.http

    /// How they go over HTTP.
    public var http = GraphQLHTTPConfiguration()

    /// A cache of objects that queries, mutations and subscriptions share; nil: none. Forget what is in it when the user
    /// changes (``GraphQLClient/clearCache()``).
    public var cache: GraphQLCacheConfiguration?

    /// What to offer to the server, the preferred one first.
    public var dialects: [GraphQLDialect] = [.transportWS, .legacy]

    /// What a feed does whose consumer is slow, where `subscribe` is not told otherwise.
    public var delivery = DeliveryPolicy.suspending

    /// Whether feeds of the same document, variables and recovery are one subscription on the server. Those who join later
    /// get the last result first.
    public var sharesSubscriptions = true

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - webSocket: how the WebSocket connects.
    ///   - connectionParameters: the payload of `connection_init`.
    ///   - credentials: asked before each attempt to connect.
    ///   - policy: when to connect and when to try again.
    public init(
        webSocket: WebSocketConfiguration = WebSocketConfiguration(),
        connectionParameters: JSONValue? = nil,
        credentials: CredentialProvider? = nil,
        policy: ConnectionPolicy = ConnectionPolicy()
    ) {
        self.webSocket = webSocket
        self.connectionParameters = connectionParameters
        self.credentials = credentials
        self.policy = policy
    }
}

extension GraphQLClientConfiguration: CustomStringConvertible {
    /// Without the values of headers and parameters: they may be secrets.
    public var description: String {
        let parameters = self.connectionParameters == nil ? "none" : "…"
        return "GraphQLClientConfiguration(\(self.webSocket), connectionParameters: \(parameters))"
    }
}
