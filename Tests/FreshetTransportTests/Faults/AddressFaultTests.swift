// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import Testing

@testable import FreshetTransport

/// A name with several addresses, of which some are of no use (RFC 8305), on real sockets.
@Suite(.timeLimit(.minutes(1)))
struct AddressFaultTests {
    /// Keeps a dialer while it dials, as a connection does.
    private final class Keeper {
        var dialer: Dialer?
    }

    /// Dials a name that has these addresses; what came of it, and how long that took.
    private func dial(_ addresses: [String], port: Int) async throws -> (error: FreshetError?, took: Duration) {
        let target = WebSocketTarget(
            endpoint: try Endpoint("ws://server.invalid:\(port)/"),
            configuration: FaultyPeer.configuration()
        )
        let loop = EventLoop()
        defer { loop.shutdown() }
        let outcome = Witness<(error: FreshetError?, took: Duration)>()
        loop.execute {
            let start = ContinuousClock.now
            let keeper = Keeper()
            let dialer = Dialer(target, on: loop) {
                switch $0 {
                case .opened(let socket, _):
                    outcome.tell((nil, start.duration(to: .now)))
                    socket.close()
                case .ended(let end): outcome.tell((end.error, start.duration(to: .now)))
                }
                keeper.dialer = nil
            }
            dialer.resolve = { _, loop, answer in loop.execute { answer(.addresses(addresses)) } }
            keeper.dialer = dialer
            dialer.start()
        }
        return try #require(await outcome.next())
    }

    private func server() throws -> RawServer {
        try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.readToEnd()
        }
    }

    @Test("tcp.syn-drop: while the first address hangs the second one wins, after its head start")
    func secondWins() async throws {
        let server = try self.server()
        defer { server.stop() }
        let listener = try FullListener(host: 2, port: server.port)
        let (error, took) = try await self.dial(["127.0.0.2", "127.0.0.1"], port: server.port)
        #expect(error == nil)
        #expect(took >= AddressRace.headStart)
        withExtendedLifetime(listener) {}
    }

    @Test("tcp.refused: when the first address refuses the second one is tried at once")
    func secondAtOnce() async throws {
        let server = try self.server()
        defer { server.stop() }
        var times: [Duration] = []
        for _ in 0..<5 {
            let (error, took) = try await self.dial(["127.0.0.2", "127.0.0.1"], port: server.port)
            #expect(error == nil)
            times.append(took)
        }
        #expect(try #require(times.min()) < AddressRace.headStart)
    }

    @Test("tcp.refused: when every address refuses, the error tells the last one")
    func allRefuse() async throws {
        let closed = try FreePort.next()
        let (error, _) = try await self.dial(["127.0.0.2", "127.0.0.1"], port: closed)
        #expect(error?.kind == .unreachable)
        #expect(error?.message.contains("at 127.0.0.1") == true)
    }
}
