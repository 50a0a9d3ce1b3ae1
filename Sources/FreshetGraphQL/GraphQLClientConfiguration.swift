// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport

/// How a ``GraphQLClient`` connects.
public struct GraphQLClientConfiguration: Sendable {
    /// How the WebSocket connects: headers such as `Authorization`, TLS, proxy, redirects, limits, pings.
    ///
    /// A redirect to another origin is followed only when there are no connection parameters: they may be credentials.
    public var webSocket: WebSocketConfiguration

    /// The payload of `connection_init`; nil sends none.
    public var connectionParameters: JSONValue?

    /// How long to wait between attempts.
    public var backoff: Backoff

    /// How many attempts may fail one after another before every feed fails; nil: no limit. It starts again after 30
    /// healthy seconds. The very first connection is never retried.
    public var retries: Int?

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - webSocket: how the WebSocket connects.
    ///   - connectionParameters: the payload of `connection_init`.
    ///   - backoff: how long to wait between attempts.
    ///   - retries: attempts that may fail one after another; nil: no limit.
    public init(
        webSocket: WebSocketConfiguration = WebSocketConfiguration(),
        connectionParameters: JSONValue? = nil,
        backoff: Backoff = Backoff(),
        retries: Int? = nil
    ) {
        self.webSocket = webSocket
        self.connectionParameters = connectionParameters
        self.backoff = backoff
        self.retries = retries
    }

    var policy: ConnectionMachine.Policy {
        var policy = ConnectionMachine.Policy()
        policy.backoff = self.backoff
        policy.attempts = self.retries
        return policy
    }
}

extension GraphQLClientConfiguration: CustomStringConvertible {
    /// Without the values of headers and parameters: they may be secrets.
    public var description: String {
        let parameters = self.connectionParameters == nil ? "none" : "…"
        return "GraphQLClientConfiguration(\(self.webSocket), connectionParameters: \(parameters))"
    }
}
