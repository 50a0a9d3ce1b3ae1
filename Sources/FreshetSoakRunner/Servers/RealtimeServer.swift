// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// The stand-in for the Realtime Database, in this very process: each element is a child of one place, or the removal of one.
final class RealtimeServer: StandInServer {
    static let source = "rtdb"
    static let place = "soak"
    static let children = StreamKind(name: "children", source: source, promise: .convergent)

    let name = "rtdb"
    let proxy: FaultProxy
    let route = NetworkRoute()
    let sockets: SocketWatch
    let kinds = [RealtimeServer.children, StreamKind(name: "value", source: source, promise: .convergent)]
    private let server: RealtimeDatabaseServer
    private let tokens: TokenGiver
    let publisher = Publisher()
    let ending: Task<Void, Never>

    /// A push of what has changed at a place.
    static let push = #""a":"d""#

    init(_ recorder: RunRecorder, _ plan: SoakPlan, seed: UInt64, offset: Int) async throws(FreshetError) {
        let server = try RealtimeDatabaseServer()
        self.server = server
        server.require([])
        let tokens = TokenGiver(recorder) { server.allow($0) }
        self.tokens = tokens
        let sockets = SocketWatch(recorder, offset: offset)
        self.sockets = sockets
        self.proxy = try FaultProxy(
            to: "http://\(server.authority)",
            configuration: FaultProxyConfiguration(seed: seed, logLimit: 1)
        ) { sockets.take($0) }
        self.ending = tokens.whenEnded { server.revoke($0) }
        self.publisher.start(
            source: Self.source,
            rate: plan.rate,
            seed: seed,
            transactions: false,
            recorder: recorder
        ) { elements in
            for element in elements {
                server.set(element.isRemoval ? .null : element.json, at: "\(Self.place)/\(element.name)")
            }
        } has: { _ in
            true
        }
    }

    var hasSubstitute: Bool { true }
    var takesTokens: Bool { true }
    var giver: TokenGiver? { self.tokens }
    func endTokens() async {
        for token in self.tokens.endAll() { self.server.revoke(token) }
    }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        RealtimeSoakedClient(setup, url: self.proxy.url, route: self.route, tokens: self.tokens)
    }

    func drop() { self.server.drop() }
    func end() { self.server.stop() }
}

extension PublishedElement {
    fileprivate var json: JSONValue {
        ["n": .integer(Int64(self.n)), "key": .integer(Int64(self.key)), "k": .integer(Int64(self.k))]
    }
}
