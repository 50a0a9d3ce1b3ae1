// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension GraphQLClient {
    /// Asks a query, and hands out its result again whenever the cache's objects in it change: by another query, a mutation, a
    /// subscription's event, an optimistic result.
    ///
    /// Results that come faster than they are taken are one: the newest. Needs `configuration.cache`.
    ///
    /// - Parameters:
    ///   - type: what to decode: the value of the query's one root field.
    ///   - query: the document.
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - policy: where the first result comes from.
    /// - Returns: a feed of `.snapshot`s. When the server cannot be asked and something was handed out already, a `.gap` says that it
    ///   may be old; otherwise the feed throws why.
    public func watch<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self,
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        policy: GraphQLCachePolicy = .cacheFirst
    ) -> Feed<FeedEvent<Value>> {
        var request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        request.kind = .query
        return Feed(
            open: { [request] in
                guard let store = self.store else {
                    let buffer = FeedBuffer(resumeReading: {}, consumerLeft: {})
                    buffer.finish(.failed(Self.noCache))
                    return buffer
                }
                return GraphQLQueryWatch(client: self, store: store, request: request, policy: policy).open()
            },
            decode: { item throws(FreshetError) in
                switch item.content {
                case .gap(let gap):
                    return .gap(gap)
                case .snapshot(let json), .update(let json):
                    let payload = try GraphQLPayload(json)
                    return .snapshot(try GraphQLResponse<Value>(payload).valueOrFailure(payload))
                case .value, .bookmark, .rest:
                    throw FreshetError(.decoding, "a result of another type")
                }
            }
        )
    }
}
