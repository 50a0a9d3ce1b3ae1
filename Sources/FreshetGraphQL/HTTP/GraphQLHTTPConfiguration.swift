// SPDX-License-Identifier: Apache-2.0

import FreshetCore
public import FreshetHTTP
import FreshetTransport

/// How queries and mutations go over HTTP.
public struct GraphQLHTTPConfiguration: Sendable {
    /// Where to send them; nil: where the WebSocket is, with `https:` for `wss:`.
    public var url: String?

    /// Header fields, deadlines, limits, TLS, proxy; nil: header fields, TLS, proxy and redirects as of the WebSocket.
    public var client: HTTPConfiguration?

    /// What sees each call, the first one outermost; credentials are added after them.
    public var middlewares: [any HTTPMiddleware] = [RetryMiddleware()]

    /// Sends a document's SHA-256 instead of the document, and the document only where the server does not know it yet
    /// (automatic persisted queries). A server that says that it has no such thing gets documents alone from then on.
    public var persistsQueries = false

    /// Sends queries that come at nearly the same time as one request; nil: each is a request of its own.
    public var batching: GraphQLBatching?

    /// What carries the calls; nil: libcurl.
    public var transport: (any HTTPTransport)?

    /// Makes a configuration with the defaults.
    public init() {}

    /// The client's, and the URL.
    func resolved(
        url: String,
        webSocket: WebSocketConfiguration
    ) throws(FreshetError) -> (url: String, HTTPConfiguration) {
        let configuration: HTTPConfiguration
        if let client { configuration = client } else { configuration = try HTTPConfiguration(webSocket) }
        return (self.url ?? Self.httpURL(of: url), configuration)
    }

    private static func httpURL(of url: String) -> String {
        let bare = url.hasPrefix("graphql+") ? String(url.dropFirst("graphql+".count)) : url
        for (webSocket, http) in [("ws+unix:", "http+unix:"), ("ws:", "http:"), ("wss:", "https:")]
        where bare.lowercased().hasPrefix(webSocket) {
            return http + bare.dropFirst(webSocket.count)
        }
        return bare
    }
}
