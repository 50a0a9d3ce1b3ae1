// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// What is done to every WebSocket that is open: hand-made frames, silence, closes that nobody answers.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyFrameTests {
    /// What a client has of bytes that come now, after "before".
    private static func inject(
        _ bytes: [UInt8],
        messageLimit: Int = 1024
    ) async throws -> (messages: [String], error: FreshetError?, closed: UInt8?) {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        var configuration = FaultyPeer.configuration()
        configuration.messageLimit = messageLimit
        let socket = try await WebSocket.connect(to: proxy.url, configuration: configuration)
        proxy.inject("before")
        proxy.inject(bytes: bytes)
        let (messages, error) = await FaultyPeer.rest(of: socket)
        let close = await proxy.entry { if case .frame(.toServer, 8, _, _) = $0.event { true } else { false } }
        return (messages, error, close == nil ? nil : 8)
    }

    /// Bytes, and the kind of error that the catalogue of faults names for them.
    struct Breach: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let kind: FreshetError.Kind
    }

    private static let breaches = [
        Breach(testDescription: "ws.bad-utf8", bytes: FaultFrames.badUTF8, kind: .protocolViolation),
        Breach(testDescription: "ws.oversize", bytes: FaultFrames.oversize(1025), kind: .messageTooLarge),
        Breach(testDescription: "ws.oversize, 1 GiB", bytes: FaultFrames.oversize(1 << 30), kind: .messageTooLarge),
        Breach(testDescription: "ws.unmasked/rsv, masked", bytes: FaultFrames.masked, kind: .protocolViolation),
        Breach(testDescription: "ws.unmasked/rsv, a bit", bytes: FaultFrames.reservedBit, kind: .protocolViolation),
        Breach(testDescription: "ws.unmasked/rsv, opcode", bytes: FaultFrames.reservedOpcode, kind: .protocolViolation),
        Breach(testDescription: "ws.fragment-interleave", bytes: FaultFrames.interleaved, kind: .protocolViolation),
    ]

    @Test("A frame that no server should send is an error of its kind, and the server is told", arguments: breaches)
    func breach(_ breach: Breach) async throws {
        let (messages, error, closed) = try await Self.inject(breach.bytes)
        #expect(messages == ["before"])
        #expect(error?.kind == breach.kind)
        #expect(closed == 8)
    }

    @Test(
        "ws.close(code): every WebSocket, by a call",
        arguments: [
            1000, 1001, 1008, 1011, 1012, 1013, 1014, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4499, 4500,
        ] as [UInt16]
    )
    func close(_ code: UInt16) async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        let sockets = [try await ProxyPeer.connect(proxy), try await ProxyPeer.connect(proxy)]
        proxy.close(code: code)
        for socket in sockets {
            let error = await FaultyPeer.rest(of: socket).error
            #expect(error?.kind == (code <= 1001 ? nil : .closed(code: code)))
        }
    }

    @Test("ws.ping-flood: the newest is answered, and messages get through")
    func pingFlood() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        let socket = try await ProxyPeer.connect(proxy)
        proxy.inject(bytes: FaultFrames.pings(10_000))
        proxy.inject("through")
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "through")
        let newest = "10000".utf8.count
        let pong = await proxy.entry {
            if case .frame(.toServer, 10, newest, _) = $0.event { true } else { false }
        }
        #expect(pong != nil)
    }

    /// Ways to say nothing any more.
    enum Silence: CaseIterable, Sendable {
        case partialFrame, silent, noPong
    }

    @Test("ws.partial-frame, srv.silent, ws.no-pong: given up by the keep-alive", arguments: Silence.allCases)
    func silence(_ silence: Silence) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            var frames = ClientFrames(connection)
            while let ping = frames.next(0x89) { connection.write(RawConnection.frame(0x8A, ping.payload)) }
        }
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        var configuration = FaultyPeer.impatient()
        configuration.pongDeadline = .seconds(3)  // a busy machine takes long for a pong
        let socket = try await WebSocket.connect(to: proxy.url, configuration: configuration)
        // While all is well, pings are answered. The log has a frame before it is known what is done to it: only the next ping
        // says that the pong was passed.
        let pong = try #require(
            await proxy.entry { if case .frame(.toClient, 10, _, _) = $0.event { true } else { false } }
        )
        let passed = await proxy.entry(after: pong.number) {
            if case .frame(.toServer, 9, _, _) = $0.event { true } else { false }
        }
        #expect(passed != nil)
        switch silence {
        case .partialFrame:
            proxy.inject(bytes: FaultFrames.partial)
            proxy.silence()
        case .silent: proxy.silence()
        case .noPong: try proxy.add(.noPong)
        }
        #expect(await FaultyPeer.rest(of: socket).error?.kind == .timeout(.keepAlive))
        #expect(proxy.log.contains { $0.event == .fault(.drop) } == (silence == .noPong))
    }

    @Test("A rule that was removed does nothing more")
    func removed() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        let (drop, double) = (
            FaultRule(.frame(.toClient), .drop, times: nil), FaultRule(.frame(.toClient), .duplicate)
        )
        try proxy.add(drop)
        try proxy.add(double)
        proxy.remove(drop)
        #expect(try await ProxyPeer.texts(proxy).messages == ["1", "1", "2", "3", "4", "5"])
    }

    @Test("ws.close-unanswered: our close is cut short, and the server does not hear of it")
    func closeUnanswered() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        let socket = try await ProxyPeer.connect(proxy)
        try proxy.add(.noCloseAnswer)
        await socket.close(code: 4000)
        #expect(await FaultyPeer.rest(of: socket).error == nil)
        #expect(await proxy.entry { $0.isEnd(by: .client) } != nil)
        #expect(proxy.log.contains { $0.event == .fault(.drop) })
        #expect(!proxy.log.contains { $0.isFrame(.toClient) })
    }

    @Test("A rule for a time is for WebSockets that are open, too: from when it was added, and once for each")
    func afterOpen() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let clock = ManualClock()
        let proxy = try FaultProxy(to: server.url, clock: clock)
        defer { proxy.stop() }
        let open = try await ProxyPeer.connect(proxy)
        clock.jump(by: .seconds(100))
        try proxy.add(FaultRule(.after(.seconds(30)), .inject("hello"), times: nil))
        try proxy.add(FaultRule(.after(.seconds(60)), .close(code: 1001)))
        await clock.expire(.seconds(30))
        let hello = await proxy.entry { $0.event == .fault(.inject("hello")) }
        #expect(hello?.connection == 1)
        #expect(hello?.time == .seconds(130))
        // One that opens later has its own time.
        let late = try await ProxyPeer.connect(proxy)
        await clock.expire(.seconds(30))
        let (messages, error) = await FaultyPeer.rest(of: open)
        #expect(messages == ["hello"])
        #expect(error == nil)
        var iterator = late.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "hello")
        #expect(proxy.log.filter { $0.event == .fault(.inject("hello")) }.map(\.connection) == [1, 2])
    }
}
