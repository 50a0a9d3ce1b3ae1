// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport

/// A client of the embedded GraphQL server.
struct GraphQLSoakedClient: SoakedClient {
    private struct Event: Decodable, Sendable {
        var n: Int
        var key: Int
        var k: Int
    }

    let client: GraphQLClient

    init(
        _ setup: ClientSetup,
        url: String,
        authority: TestAuthority? = nil,
        route: NetworkRoute,
        tokens: TokenGiver
    ) {
        var configuration = GraphQLClientConfiguration(webSocket: .soaked(setup), policy: .soaked(setup.timing))
        configuration.sharesSubscriptions = false
        if let authority { configuration.webSocket.tls.authorities = .text(authority.certificate) }
        if setup.hasTokens { configuration.credentials = tokens.provider(for: setup) }
        self.client = GraphQLClient(
            url: "\(url)?client=\(setup.number)&",
            configuration: configuration,
            loop: .shared,
            transport: LWSTransport(route: route),
            logger: .silent
        )
    }

    /// How the results of streams begin that have numbers.
    static let numbered = #""data":{"events":"#
    /// How the names of others end.
    static let plain = "/plain"

    private static let recovery = GraphQLRecovery<Event>.cursor(variable: "after", path: "events.n", isNumbered: true)

    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError) {
        let isNumbered = kind.promise == .gapless
        let root = isNumbered ? "events" : "plain: events"
        let feed = self.client.subscribe(
            Event.self,
            "subscription S($after: Int, $name: String) { \(root)(after: $after, as: $name) { n key k } }",
            variables: ["name": .string(isNumbered ? name : name + Self.plain)],
            recovery: isNumbered ? Self.recovery : .none,
            from: position,
            delivery: delivery
        )
        for try await one in feed.positioned {
            switch one.element {
            case .gap(let gap): await take(Handed(observed: [.gap(gap)], position: nil))
            case .update(let event), .snapshot(let event):
                let element = Observed.element(n: event.n, key: String(event.key), k: event.k)
                await take(Handed(observed: [element], position: one.position))
            }
        }
    }
}

extension WebSocketConfiguration {
    /// How the clients of a run connect: each says who it is, for the proxy's log.
    static func soaked(_ setup: ClientSetup) -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(headers: [HTTPHeader(SocketWatch.header, "\(setup.number)")])
        configuration.proxy = .none
        if let port = setup.forwardProxy { configuration.proxy = .proxy(Proxy(host: "127.0.0.1", port: port)) }
        configuration.pingInterval = setup.timing.ping
        configuration.pongDeadline = setup.timing.pong
        configuration.deadline = setup.timing.deadline
        configuration.messageLimit = 1 << 20
        return configuration
    }
}

extension ConnectionPolicy {
    static func soaked(_ timing: ClientTiming) -> ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.backoff = timing.backoff
        policy.subscriptionBackoff = timing.backoff
        policy.acknowledge = timing.deadline
        policy.healthy = timing.backoff.cap
        policy.waitsForFirstConnection = true
        return policy
    }
}
