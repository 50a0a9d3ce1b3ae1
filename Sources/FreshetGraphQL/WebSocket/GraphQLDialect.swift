// SPDX-License-Identifier: Apache-2.0

/// What is spoken on a WebSocket for GraphQL.
public enum GraphQLDialect: Sendable, Hashable {
    /// `graphql-transport-ws`, the protocol of the npm package graphql-ws and of most servers.
    case transportWS
    /// `graphql-ws`, the older protocol, of the npm package subscriptions-transport-ws.
    case legacy
    /// The older protocol as AWS AppSync speaks it: subscriptions only, each with its authorization.
    case appSync

    /// The subprotocol that stands for it in the upgrade.
    var subprotocol: String {
        switch self {
        case .transportWS: "graphql-transport-ws"
        case .legacy, .appSync: "graphql-ws"
        }
    }
}
