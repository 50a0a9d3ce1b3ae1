// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport
import Logging

/// A GraphQL subscription that is watched.
struct GraphQLWatch: WatchSubject {
    let source: String
    private let client: GraphQLClient
    private let request: GraphQLRequest

    init(_ request: GraphQLRequest, url: String, configuration: GraphQLClientConfiguration, logger: Logger)
        throws(FreshetError)
    {
        self.source = try GraphQLClient.endpoint(url).description
        self.client = GraphQLClient(url: url, configuration: configuration, logger: logger)
        self.request = request
    }

    var connectionStates: AsyncStream<ConnectionState> { self.client.connectionStates }

    func close() async { await self.client.close() }

    func reconnect() {
        self.client.hint(.suspend)
        self.client.hint(.resume)
    }

    func consume(_ output: WatchOutput) async throws(FreshetError) -> WatchOutcome {
        for try await event in self.client.subscribeToPayloads(self.request) {
            guard !Task.isCancelled else { return .completed }
            let outcome =
                switch event {
                case .snapshot(let payload), .update(let payload):
                    output.data(output.renderer.data(payload, at: Date()))
                case .gap(let gap): output.gap(gap)
                }
            if let outcome { return outcome }
        }
        return .completed
    }
}
