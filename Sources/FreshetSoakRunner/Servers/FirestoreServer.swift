// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// The stand-in for Firestore, in this very process: each element is a document, or the removal of one.
final class FirestoreServer: StandInServer {
    static let source = "firestore"
    static let collection = "soak"
    static let documents = kind("documents")

    let name = "firestore"
    let proxy: FaultProxy
    /// There are no names to be looked up: libcurl does that by itself.
    let route = NetworkRoute()
    let sockets: SocketWatch
    let kinds = [FirestoreServer.documents, kind("snapshots")]
    let standIn: FirestoreStandIn
    private let server: FirestoreStandInServer
    private let tokens: TokenGiver
    let publisher = Publisher()
    let ending: Task<Void, Never>

    private static func kind(_ name: String) -> StreamKind {
        StreamKind(name: name, source: Self.source, promise: .convergent, merges: true)
    }

    init(_ recorder: RunRecorder, _ plan: SoakPlan, seed: UInt64, offset: Int) async throws(FreshetError) {
        let tokens = TokenGiver(recorder)
        self.tokens = tokens
        // Its clients are patient for half as long again: a little longer than those who ask by pings.
        let standIn = FirestoreStandIn(keepAlive: plan.timing.keepAlive * 7 / 10, remembering: 2048)
        standIn.faults.isRefused = { authorization in
            let token = String(authorization.dropFirst("Bearer ".count))
            guard token != "owner", !tokens.isGood(token) else { return false }
            tokens.refused(token)
            return true
        }
        self.standIn = standIn
        self.server = try FirestoreStandInServer(standIn)
        let sockets = SocketWatch(recorder, offset: offset, isWebSocket: false)
        self.sockets = sockets
        self.proxy = try FaultProxy(
            to: self.server.url,
            configuration: FaultProxyConfiguration(seed: seed, logLimit: 1)
        ) { sockets.take($0) }
        self.ending = tokens.whenEnded { standIn.refuse("Bearer \($0)") }
        self.publisher.start(
            source: Self.source,
            rate: plan.rate,
            seed: seed,
            transactions: false,
            recorder: recorder
        ) { elements in
            for element in elements {
                standIn.write("\(Self.collection)/\(element.name)", element.fields)
            }
        } has: { _ in
            true
        }
    }

    var isWebSocket: Bool { false }
    var entrance: FaultMatch { .request(path: "/Listen/channel") }
    /// One for the stream, one for what is said.
    var socketsOfClient: Int { 2 }
    var takesTokens: Bool { true }
    var giver: TokenGiver? { self.tokens }
    func endTokens() async {
        for token in self.tokens.endAll() { self.standIn.refuse("Bearer \(token)") }
    }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        FirestoreSoakedClient(setup, url: self.proxy.url, tokens: self.tokens)
    }

    func drop() { self.standIn.forgetSessions() }
    func end() { self.server.stop() }
}

extension PublishedElement {
    /// As Firestore's REST API has it; nil: it is to be removed.
    fileprivate var fields: JSONValue? {
        if self.isRemoval { return Optional.none }
        func integer(_ value: Int) -> JSONValue { ["integerValue": .string("\(value)")] }
        return ["n": integer(self.n), "key": integer(self.key), "k": integer(self.k)]
    }
}
