// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport

/// A server that is soaked, with the proxy before it.
protocol SoakedServer: AnyObject, Sendable {
    var name: String { get }
    /// What stands before it.
    var proxy: FaultProxy { get }
    /// By which its clients find it.
    var route: NetworkRoute { get }
    var sockets: SocketWatch { get }
    /// What a client of it reads.
    var kinds: [StreamKind] { get }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient

    /// Where a stream that goes on from a position goes on: the place before it; nil where that is not known.
    func place(of position: Position) -> Int?

    /// Goes, as a crash would, and comes again after a while.
    func restart(after down: Duration) async throws(FreshetError)

    /// Forgets what was published, so that no stream can go on from there.
    func forget() async throws(FreshetError)

    /// Publishes nothing more. Returns the last place of each source.
    func quiesce() async -> [String: Int]

    func stop() async

    /// Why there is no server any more, although the run has not ended it.
    func failure() -> FreshetError?

    /// Ends every token that was given out: they are refused from now on.
    func endTokens() async

    /// Whether its proxy sees nothing but bytes.
    var isOpaque: Bool { get }
    /// Whether the run may do to it what only its owner may.
    var isOurs: Bool { get }
    /// Whether clients may show it tokens that end.
    var takesTokens: Bool { get }
    /// Who gives them, where this server is the one to end them.
    var giver: TokenGiver? { get }
    /// Whether its clients come by WebSocket; otherwise by requests of HTTP, one of which does not end.
    var isWebSocket: Bool { get }
    /// Whether they have something else where no WebSocket is to be had, and come back from it.
    var hasSubstitute: Bool { get }
    /// What a client that connects asks for.
    var entrance: FaultMatch { get }
    /// How many connections a client may have.
    var socketsOfClient: Int { get }
}

extension SoakedServer {
    func failure() -> FreshetError? { nil }
    var isOpaque: Bool { false }
    var isOurs: Bool { true }
    var takesTokens: Bool { false }
    var giver: TokenGiver? { nil }
    func endTokens() async {}
    var isWebSocket: Bool { true }
    var hasSubstitute: Bool { false }
    var entrance: FaultMatch { .upgrade() }
    var socketsOfClient: Int { 1 }
}

/// By which proxy a client goes to the GraphQL server.
enum Road: Sendable {
    case plain
    /// By TLS, and no other client does.
    case probed
}

/// One client as the run wants it.
struct ClientSetup: Sendable {
    var number: Int
    var timing: ClientTiming
    /// Whether it has credentials that end.
    var hasTokens = false
    /// By which proxy it goes.
    var road = Road.plain
    /// The port of a forward proxy of this machine that it goes through.
    var forwardProxy: Int?
    /// Whose credentials are refused when they are to be renewed.
    var isSignedOut = false
}
