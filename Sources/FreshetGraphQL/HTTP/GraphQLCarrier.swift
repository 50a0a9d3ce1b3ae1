// SPDX-License-Identifier: Apache-2.0

/// What carries queries and mutations; subscriptions always go over the WebSocket.
public enum GraphQLCarrier: Sendable, Hashable {
    /// HTTP: nothing has to be connected for a query, and caches and load balancers in between understand it.
    case http
    /// The WebSocket of the subscriptions: for servers that speak nothing else.
    case webSocket
}
