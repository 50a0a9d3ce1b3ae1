// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetTestSupport

/// The faults of TCP, as a client sees them.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyNetworkTests {
    /// What a client that has upgraded, and got a 1, sees of a cut; and what the server heard.
    private static func cut(_ cut: FaultCut) async throws -> (bytes: [UInt8], isOrderly: Bool, heard: String?) {
        let heard = Witness<String>()
        let server = try ProxyPeer.echo(heard)
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        try proxy.add(FaultRule(.frame(.toClient), .cut(cut), skipping: 1))
        let (bytes, isOrderly) = try await ProxyPeer.plain(proxy.port) { connection in
            ProxyPeer.upgrade(connection)
            connection.write(FrameWriter.frame(.text, Bytes(copying: "go".utf8), mask: 1))
            return ProxyPeer.readAll(connection)
        }
        return (bytes, isOrderly, await heard.next())
    }

    @Test("tcp.rst, tcp.fin, tcp.fin-noclose: what came before arrives, then an RST, a FIN, a FIN within a frame")
    func cuts() async throws {
        let reset = try await Self.cut(.reset)
        #expect(!reset.isOrderly)
        #expect(reset.heard == "end")
        let end = try await Self.cut(.end)
        #expect(end.bytes == FaultyPeer.text("1"))
        #expect(end.isOrderly)
        #expect(end.heard == "end")
        let endInFrame = try await Self.cut(.endInFrame)
        #expect(endInFrame.bytes == FaultyPeer.text("1") + [0x81, 0x7E, 0x10, 0x00, 0x7B])
        #expect(endInFrame.isOrderly)
    }

    @Test("tcp.rst by a call: every connection, or the one that is named")
    func cutByCall() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let first = try await ProxyPeer.connect(proxy)
        let second = try await ProxyPeer.connect(proxy)
        let third = try await ProxyPeer.connect(proxy)
        proxy.cut(.reset, connection: 2)
        #expect(await FaultyPeer.rest(of: second).error?.kind == .closed(code: 1006))
        #expect(proxy.log.filter { $0.event == .fault(.cut(.reset)) }.map(\.connection) == [2])
        proxy.cut(.reset)
        #expect(await FaultyPeer.rest(of: first).error?.kind == .closed(code: 1006))
        #expect(await FaultyPeer.rest(of: third).error?.kind == .closed(code: 1006))
        proxy.stop()
    }

    @Test("tcp.half-open: the server has gone, and the client can write for ever")
    func halfOpen() async throws {
        let heard = Witness<String>()
        let server = try ProxyPeer.echo(heard)
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let socket = try await ProxyPeer.connect(proxy)
        proxy.cut(.halfOpen)
        #expect(await heard.next() == "end")
        let megabyte = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 1...20 { try await socket.send(binary: megabyte) }
        #expect(!proxy.log.contains { $0.isEnd() })
        // What is detached can still be cut.
        proxy.cut(.reset)
        #expect(await FaultyPeer.rest(of: socket).error?.kind == .closed(code: 1006))
        proxy.stop()
    }

    @Test(
        "tcp.blackhole: nothing passes, and nothing is lost when it ends",
        arguments: [NetworkConditions.Blackhole.both, .up, .down]
    )
    func blackhole(_ blackhole: NetworkConditions.Blackhole) async throws {
        let heard = Witness<String>()
        let server = try ProxyPeer.echo(heard)
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let socket = try await ProxyPeer.connect(proxy)
        proxy.conditions.blackhole = blackhole
        try await socket.send(text: "a")
        if blackhole == .down { #expect(await heard.next() == "a") }
        // The loop has gone round with it: a connection that is new is accepted.
        let probe = try await ProxyPeer.plain(proxy.port) { _ in true }
        #expect(probe)
        #expect(await proxy.entry { $0.connection == 2 && $0.event == .connected } != nil)
        proxy.conditions.blackhole = nil
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "a")
        let over = try #require(proxy.log.last { $0.isConditions }?.number)
        let up = try #require(proxy.log.first { $0.isFrame(.toServer) }?.number)
        let down = try #require(proxy.log.first { $0.isFrame(.toClient) }?.number)
        #expect((up > over) == (blackhole != .down))
        #expect(down > over)
        proxy.stop()
    }

    @Test("tcp.refused: nobody listens, connections that are open stay, and the port is the same afterwards")
    func refused() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let socket = try await ProxyPeer.connect(proxy)
        for _ in 1...3 {
            proxy.conditions.refusesConnections = true
            while let connection = RawConnection(to: proxy.port) {
                connection.shut()
                await Task.yield()
            }
            await #expect { try await ProxyPeer.connect(proxy) } throws: {
                ($0 as? FreshetError)?.kind == .unreachable
            }
            proxy.conditions.refusesConnections = false
            while true {
                if let connection = RawConnection(to: proxy.port) {
                    connection.shut()
                    break
                }
                await Task.yield()
            }
        }
        try await socket.send(text: "still here")
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "still here")
        proxy.stop()
    }

    @Test("net.latency: each way takes its time, by the clock that was given")
    func latency() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let clock = ManualClock()
        let proxy = try FaultProxy(to: server.url, clock: clock)
        let socket = try await ProxyPeer.connect(proxy)
        proxy.conditions.latency = .milliseconds(50)
        try await socket.send(text: "a")
        #expect(await proxy.entry { $0.isFrame(.toServer) } != nil)
        #expect(!proxy.log.contains { $0.isFrame(.toClient) })
        await clock.expire(.milliseconds(50))
        #expect(await proxy.entry { $0.isFrame(.toClient) }?.time == .milliseconds(50))
        await clock.expire(.milliseconds(50))
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "a")
        proxy.stop()
    }

    @Test(
        "net.slice, net.bandwidth: slow and in pieces, everything arrives in order",
        arguments: [1, 2, 3] as [UInt64]
    )
    func slow(_ seed: UInt64) async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(seed: seed))
        var conditions = NetworkConditions()
        conditions.segments = 1...7
        conditions.bytesPerSecond = 20_000
        conditions.latency = .milliseconds(1)
        conditions.jitter = .milliseconds(5)
        proxy.conditions = conditions
        // Each piece is a turn of the proxy, and a busy machine has few to give.
        let (messages, error) = try await ProxyPeer.texts(proxy, deadline: .seconds(50))
        #expect(messages == ["1", "2", "3", "4", "5"])
        #expect(error == nil)
        proxy.stop()
    }

    @Test("Cut after so many bytes: exactly there, and at the same places with the same seed")
    func cutAfter() async throws {
        let server = try RawServer { connection in
            connection.write([UInt8](repeating: 1, count: 5000))
            connection.readToEnd()
        }
        defer { server.stop() }
        func sizes(_ seed: UInt64, _ range: ClosedRange<Int>) async throws -> [Int] {
            let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(seed: seed))
            defer { proxy.stop() }
            proxy.conditions.cutAfter = range
            proxy.conditions.cut = .end
            var sizes: [Int] = []
            for _ in 1...4 { sizes.append(try await ProxyPeer.plain(proxy.port) { ProxyPeer.readAll($0).bytes.count }) }
            return sizes
        }
        #expect(try await sizes(1, 0...0) == [0, 0, 0, 0])
        #expect(try await sizes(1, 777...777) == [777, 777, 777, 777])
        let drawn = try await sizes(2, 1...4000)
        #expect(try await sizes(2, 1...4000) == drawn)
        #expect(Set(drawn).count > 1)
    }

    @Test("net.flap: up, gone, and up again")
    func flap() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let clock = ManualClock()
        let proxy = try FaultProxy(to: server.url, clock: clock)
        proxy.conditions.flap = NetworkConditions.Flap(up: .seconds(2), down: .seconds(1))
        for _ in 1...3 {
            var socket: WebSocket?
            while socket == nil { socket = try? await ProxyPeer.connect(proxy) }
            await clock.expire(.seconds(2))
            let open = try #require(socket)
            #expect(await FaultyPeer.rest(of: open).error?.kind == .closed(code: 1006))
            #expect(RawConnection(to: proxy.port) == nil)
            await clock.expire(.seconds(1))
        }
        proxy.stop()
    }

    @Test("tcp.syn-drop: nobody answers, connections that are open stay, and all is well afterwards")
    func synDrop() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        let open = try await ProxyPeer.connect(proxy)
        proxy.conditions.ignoresConnections = true
        var configuration = FaultyPeer.configuration(deadline: .seconds(1))
        var error: FreshetError?
        // The first ones may have come before the backlog was full.
        for _ in 1...5 where error?.kind != .timeout(.connect) {
            error = await FaultyPeer.receive(from: proxy.url, configuration).error
        }
        #expect(error?.kind == .timeout(.connect))
        try await open.send(text: "still here")
        var iterator = open.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "still here")
        proxy.conditions.ignoresConnections = false
        configuration.deadline = .seconds(10)
        var socket: WebSocket?
        while socket == nil { socket = try? await ProxyPeer.connect(proxy) }
        await socket?.close()
    }

    @Test("proxy.idle-timeout: silence is cut, and whatever comes begins it anew")
    func idleTimeout() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let clock = ManualClock()
        let proxy = try FaultProxy(to: server.url, clock: clock)
        defer { proxy.stop() }
        proxy.conditions.idleTimeout = .seconds(60)
        let socket = try await ProxyPeer.connect(proxy)
        await clock.sleeper(of: .seconds(60))
        clock.jump(by: .seconds(30))
        try await socket.send(text: "a")
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "a")
        await clock.expire(.seconds(60))
        #expect(await FaultyPeer.rest(of: socket).error?.kind == .closed(code: 1006))
        #expect(proxy.log.first { $0.event == .fault(.cut(.reset)) }?.time == .seconds(90))
    }
}
