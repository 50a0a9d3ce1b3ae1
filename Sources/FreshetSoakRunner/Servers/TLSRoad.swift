// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport

/// Another way to the GraphQL server, by TLS, with a proxy of its own. What the server does by itself is done by the server alone.
final class TLSRoad: SoakedServer {
    let name = "graphql by TLS"
    let proxy: FaultProxy
    let sockets: SocketWatch
    let route = NetworkRoute()
    private let server: GraphQLServer

    init(_ server: GraphQLServer, _ recorder: RunRecorder, seed: UInt64, offset: Int) async throws(FreshetError) {
        self.server = server
        let sockets = SocketWatch(recorder, offset: offset)
        self.sockets = sockets
        let configuration = FaultProxyConfiguration(seed: seed, logLimit: 1, authority: server.authority)
        self.proxy = try FaultProxy(to: await server.server.url, configuration: configuration) { sockets.take($0) }
    }

    var takesTokens: Bool { true }
    var kinds: [StreamKind] { self.server.kinds }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        GraphQLSoakedClient(
            setup,
            url: self.proxy.url,
            authority: self.server.authority,
            route: self.route,
            tokens: self.server.tokens
        )
    }

    func place(of position: Position) -> Int? { self.server.place(of: position) }
    func restart(after down: Duration) async throws(FreshetError) {}
    func forget() async throws(FreshetError) {}
    func quiesce() async -> [String: Int] { [:] }
    func stop() async { self.proxy.stop() }
}
