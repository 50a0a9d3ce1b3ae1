// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// The WebSocket first, and something else in its place.
@Suite(.timeLimit(.minutes(1)))
struct FallbackTransportTests {
    /// A fallback between two scripts, and what its connection tells.
    // Proof for @unchecked: `link` does not change, and is called on the loop's thread only.
    private final class World: @unchecked Sendable {
        let webSocket = ScriptedTransport()
        let other = ScriptedTransport()
        let clock = ManualClock()
        let link: any WebSocketLink
        private let stream: AsyncStream<String>

        init() throws {
            let (stream, continuation) = AsyncStream<String>.makeStream()
            self.stream = stream
            let time = TimeSource(self.clock, jitter: { 0.5 })
            let transport = FallbackTransport(self.webSocket, or: self.other, time: time)
            let target = WebSocketTarget(endpoint: try Endpoint("ws://127.0.0.1:1/"))
            self.link = transport.dial(target, on: .shared) { event in
                switch event {
                case .opened(let subprotocol): continuation.yield("opened \(subprotocol ?? "")")
                case .messages(let batches): for message in batches.joined() { continuation.yield(message.text) }
                case .roundTrip: continuation.yield("round trip")
                case .ended(let end): continuation.yield("ended \(end.error.kind)")
                }
            }
        }

        func next() async -> String? {
            var iterator = self.stream.makeAsyncIterator()
            return await iterator.next()
        }

        /// What the manager does, where it does it.
        func act(_ body: @escaping @Sendable (any WebSocketLink) -> Void) {
            EventLoop.shared.execute { [self] in body(self.link) }
        }
    }

    private static let refused = FreshetError(.upgradeRefused(status: 403), "no WebSocket here")

    @Test("A WebSocket that opens is the connection, and its end is the end")
    func webSocket() async throws {
        let world = try World()
        let socket = await world.webSocket.dial(1)
        socket.open(subprotocol: nil)
        #expect(await world.next() == "opened ")
        world.act { $0.send(WebSocketMessage(text: "a")) }
        #expect(await socket.nextDeed() == .sent("a"))
        socket.receive("b")
        #expect(await world.next() == "b")
        // Later words in HTTP are about something else.
        socket.fail(Self.refused)
        #expect(await world.next() == "ended upgradeRefused(status: 403)")
        #expect(world.other.dialCount == 0)
    }

    @Test("An attempt that fails otherwise is a failed attempt")
    func unreachable() async throws {
        let world = try World()
        await world.webSocket.dial(1).fail(FreshetError(.unreachable, "nobody"))
        #expect(await world.next() == "ended unreachable")
        #expect(world.other.dialCount == 0)
    }

    @Test("Refused in HTTP: the other one carries the same attempt; the WebSocket is tried after 5 s, 10 s, and taken")
    func fallback() async throws {
        let world = try World()
        await world.webSocket.dial(1).fail(Self.refused)
        let stream = await world.other.dial(1)
        stream.open(subprotocol: "http")
        #expect(await world.next() == "opened http")
        world.act { $0.send(WebSocketMessage(text: "a")) }
        #expect(await stream.nextDeed() == .sent("a"))
        await world.clock.expire(.seconds(5))
        await world.webSocket.dial(2).fail(Self.refused)
        await world.clock.expire(.seconds(10))
        let attempt = await world.webSocket.dial(3)
        stream.receive("b")
        #expect(await world.next() == "b")
        attempt.open(subprotocol: nil)
        #expect(await attempt.nextDeed() == .close(code: 1000))
        #expect(await stream.nextDeed() == .abandon)
        #expect(await world.next() == "ended closed(code: 1012)")
        #expect(world.webSocket.dialCount == 3)
    }

    @Test("When the other one is refused as well, that is the end, and nothing is tried any more")
    func nothing() async throws {
        let world = try World()
        await world.webSocket.dial(1).fail(Self.refused)
        await world.other.dial(1).fail(Self.refused)
        #expect(await world.next() == "ended upgradeRefused(status: 403)")
        #expect(world.clock.sleeperCount == 0 || world.webSocket.dialCount == 1)
    }

    @Test("Left while the WebSocket is tried, both are left")
    func left() async throws {
        let world = try World()
        await world.webSocket.dial(1).fail(Self.refused)
        let stream = await world.other.dial(1)
        stream.open(subprotocol: "http")
        #expect(await world.next() == "opened http")
        await world.clock.expire(.seconds(5))
        let attempt = await world.webSocket.dial(2)
        world.act { $0.close(CloseFrame(code: 1000, reason: ""), as: .ours) }
        #expect(await stream.nextDeed() == .close(code: 1000))
        #expect(await world.next() == "ended clientClosed")
        #expect(await attempt.nextDeed() == .abandon)
    }

    @Test("The waits double up to a minute, a fifth more or less")
    func pace() {
        var pace = ReturnPace()
        let waits = (0..<6).map { _ in pace.next(jitter: 0.5) }
        #expect(waits == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
        #expect(pace.next(jitter: 0) == .seconds(48))
    }
}
