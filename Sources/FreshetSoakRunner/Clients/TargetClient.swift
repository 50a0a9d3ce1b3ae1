// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport

/// A client of somebody's GraphQL server.
struct TargetClient: SoakedClient {
    let client: GraphQLClient
    private let target: SoakTarget
    private let onNumber: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - setup: how the run wants it.
    ///   - target: what is subscribed to.
    ///   - route: through the proxy; nil: directly.
    ///   - onNumber: hears the number of each result: what the server says that it has published.
    init(
        _ setup: ClientSetup,
        _ target: SoakTarget,
        route: NetworkRoute?,
        onNumber: @escaping @Sendable (Int) -> Void
    ) {
        self.target = target
        self.onNumber = onNumber
        var webSocket = WebSocketConfiguration.soaked(setup)
        webSocket.messageLimit = 16 << 20
        var configuration = GraphQLClientConfiguration(webSocket: webSocket, policy: .soaked(setup.timing))
        configuration.sharesSubscriptions = false
        if let token = target.token {
            configuration.webSocket.headers.append(HTTPHeader("Authorization", "Bearer \(token)"))
            configuration.connectionParameters = ["Authorization": .string("Bearer \(token)")]
        }
        self.client = GraphQLClient(
            url: target.url,
            configuration: configuration,
            loop: .shared,
            transport: LWSTransport(route: route),
            logger: .silent
        )
    }

    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError) {
        let request = GraphQLRequest(query: self.target.query, variables: self.target.variables)
        let recovery: GraphQLRecovery<GraphQLPayload> =
            self.target.cursor.map { cursor in
                .cursor(variable: cursor.variable, path: cursor.path, isNumbered: cursor.path == self.target.number)
            } ?? .none
        let feed = self.client.subscribeToPayloads(request, recovery: recovery, from: position, delivery: delivery)
        for try await one in feed.positioned {
            switch one.element {
            case .gap(let gap): await take(Handed(observed: [.gap(gap)], position: nil))
            case .update(let payload), .snapshot(let payload):
                let n = try self.number(of: payload)
                self.onNumber(n)
                await take(Handed(observed: [.element(n: n, key: "-", k: n)], position: one.position))
            }
        }
    }

    private func number(of payload: GraphQLPayload) throws(FreshetError) -> Int {
        let found = self.target.number.below("data").find(in: payload.json).flatMap { JSONValue(scalar: $0) }
        guard case .integer(let n)? = found, n > 0 else {
            throw FreshetError(
                .decoding,
                "a result has no number at \(self.target.number)",
                hint: "--number says where results have a number that goes up by one, as in events.n"
            )
        }
        return Int(n)
    }
}
