// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Connections that end, or go silent, without a word of WebSocket.
@Suite(.timeLimit(.minutes(1)))
struct TCPFaultTests {
    /// How a server's end of the connection goes.
    enum Cut: CaseIterable, Sendable {
        case fin, rst
    }

    @Test(
        "tcp.rst, tcp.fin-noclose: the end is told within 100 ms, as 1006, after every message",
        arguments: Cut.allCases
    )
    func cut(_ cut: Cut) async throws {
        let ended = Witness<ContinuousClock.Instant>()
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: FaultyPeer.text("last"))
            var frames = ClientFrames(connection)
            _ = frames.next(0x81)  // the client has it
            if cut == .rst { connection.resetAtEnd() }
            ended.tell(.now)
        }
        defer { server.stop() }
        var delays: [Duration] = []
        for _ in 0..<5 {
            let socket = try await WebSocket.connect(to: server.url, configuration: FaultyPeer.configuration())
            var iterator = socket.makeAsyncIterator()
            #expect(try await iterator.next()?.text == "last")
            try await socket.send(text: "got it")
            await #expect { try await iterator.next() } throws: { ($0 as? FreshetError)?.kind == .closed(code: 1006) }
            let now = ContinuousClock.now
            delays.append(try #require(await ended.next()).duration(to: now))
            #expect(try await iterator.next() == nil)
            await #expect { try await socket.send(text: "late") } throws: {
                ($0 as? FreshetError)?.kind == .closed(code: 1006)
            }
        }
        // The fastest: a busy machine may hold up any of them.
        #expect(try #require(delays.min()) < .milliseconds(100))
    }

    @Test("tcp.rst: a write that fails before the next read loses nothing of what had come, nor the close code")
    func failedWrite() async throws {
        let loop = EventLoop(.poll)
        defer { loop.shutdown() }
        let (held, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let gone = Witness<Bool>()
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            held.wait()
            connection.write(FaultyPeer.text("last") + FaultyPeer.close(4403, "enough"))
            connection.resetAtEnd()
        } ended: {
            gone.tell(true)
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(
            to: server.url,
            configuration: FaultyPeer.configuration(),
            loop: loop
        )
        // The loop sees all at once that the server wrote, went, and that there is something to send, which comes first.
        loop.execute {
            held.signal()
            goOn.wait()
        }
        _ = await gone.next()
        try await socket.send(text: "anybody?")
        goOn.signal()
        let (messages, error) = await FaultyPeer.rest(of: socket)
        #expect(messages == ["last"])
        #expect(error?.kind == .closed(code: 4403))
    }

    @Test(
        "tcp.fin: a server that goes right after its close frame has closed in order",
        arguments: [1000, 4000] as [UInt16]
    )
    func finAfterClose(_ code: UInt16) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.write(FaultyPeer.text("last") + FaultyPeer.close(code, "bye"))
            connection.endWriting()
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages == ["last"])
        #expect(error?.kind == (code == 1000 ? nil : .closed(code: 4000)))
    }

    @Test(
        "tcp.fin-noclose: a FIN in the middle of a frame is 1006; what was whole is kept",
        arguments: [
            [0x81], [0x82, 126, 1], [0x81, 5, 0x61], [0x89, 5, 0x61], [0x88, 5, 0x03, 0xE8], [0x01, 1, 0x61],
            [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 40_000),
        ] as [[UInt8]]
    )
    func finInFrame(_ part: [UInt8]) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: FaultyPeer.text("whole") + part)
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages == ["whole"])
        #expect(error?.kind == .closed(code: 1006))
    }

    @Test("tcp.fin-noclose: a server that only half-closes is not waited for")
    func halfClosed() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: FaultyPeer.text("last"))
            connection.endWriting()
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages == ["last"])
        #expect(error?.kind == .closed(code: 1006))
    }

    /// Which way the bytes get lost.
    enum Hole: CaseIterable, Sendable {
        /// Nothing is taken, nothing comes: the peer's machine is off.
        case both
        /// What we send is taken, and nothing comes.
        case down
        /// Half a frame came, then nothing.
        case inFrame
    }

    @Test(
        "tcp.blackhole, tcp.half-open, ws.partial-frame: silence ends the connection, though writes succeed",
        arguments: Hole.allCases
    )
    func silence(_ hole: Hole) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: hole == .inFrame ? [0x81, 5, 0x61] : [])
            if hole == .both { connection.waitForStop() } else { connection.readToEnd() }
        }
        defer { server.stop() }
        let start = ContinuousClock.now
        let socket = try await WebSocket.connect(to: server.url, configuration: FaultyPeer.impatient())
        let sent = Locked((before: 0, error: FreshetError?.none))
        async let writing: Void = {
            while sent.withLock({ $0.error == nil }) {
                do throws(FreshetError) {
                    try await socket.send(text: "anybody?")
                    sent.withLock { $0.before += 1 }
                    await Task.yield()
                } catch {
                    sent.withLock { $0.error = error }
                }
            }
        }()
        let error = await FaultyPeer.rest(of: socket).error
        let took = start.duration(to: .now)
        await writing
        #expect(error?.kind == .timeout(.keepAlive))
        #expect(sent.withLock { $0.error }?.kind == .timeout(.keepAlive))
        #expect(sent.withLock { $0.before } > 0)
        // One second, and not the hours of TCP's own keep-alive.
        #expect(took >= .seconds(1))
        #expect(took < .seconds(20))
    }

    @Test("tcp.blackhole: a peer that takes nothing and still sends is alive, until it stops")
    func blackholeUp() async throws {
        var configuration = FaultyPeer.configuration()
        configuration.pingInterval = .milliseconds(300)
        configuration.pongDeadline = .milliseconds(300)
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            // Longer than ping interval and pong deadline together.
            for number in 0..<10 {
                connection.pause(milliseconds: 80)
                connection.sendText("\(number)")
            }
            connection.waitForStop()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url, configuration)
        #expect(messages == (0..<10).map { "\($0)" })
        #expect(error?.kind == .timeout(.keepAlive))
    }

    // MARK: - Before there is a connection

    @Test("tcp.refused: a port where nobody listens is unreachable, at once")
    func refused() async throws {
        let closed = try FreePort.next()
        let configuration = FaultyPeer.configuration(deadline: .seconds(50))
        let error = await FaultyPeer.receive(from: "ws://127.0.0.1:\(closed)", configuration).error
        #expect(error?.kind == .unreachable)
        #expect(error?.message.contains("refused") == true)
        #expect(error?.hint?.contains("check that the server runs") == true)
    }

    @Test("tcp.syn-drop: a host that does not answer is given up at the deadline for connecting")
    func dropped() async throws {
        let listener = try FullListener()
        let url = "ws://127.0.0.1:\(listener.port)/"
        let took = await ContinuousClock().measure {
            let error = await FaultyPeer.receive(from: url, FaultyPeer.configuration(deadline: .seconds(2))).error
            #expect(error?.kind == .timeout(.connect))
        }
        #expect(took >= .seconds(2))
        withExtendedLifetime(listener) {}
    }

    @Test("tcp.syn-drop: an attempt can be cancelled while nobody answers it")
    func droppedAndCancelled() async throws {
        let listener = try FullListener()
        let url = "ws://127.0.0.1:\(listener.port)/"
        let attempt = Task {
            await FaultyPeer.receive(from: url, FaultyPeer.configuration(deadline: .seconds(50))).error
        }
        attempt.cancel()
        #expect(await attempt.value?.kind == .cancelled)
        withExtendedLifetime(listener) {}
    }
}
