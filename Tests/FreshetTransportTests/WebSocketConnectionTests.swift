// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// The real transport against servers that do, byte by byte, what a test says.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketConnectionTests {
    /// One connection, driven from a test.
    private actor Client {
        nonisolated let loop = EventLoop()
        nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
        private let stream: AsyncStream<WebSocketEvent>
        private let continuation: AsyncStream<WebSocketEvent>.Continuation
        private var link: (any WebSocketLink)?

        init() { (self.stream, self.continuation) = AsyncStream.makeStream() }

        deinit { self.loop.shutdown() }

        func dial(_ url: String, subprotocols: [String] = [], messageLimit: Int = 1 << 20) throws {
            var configuration = WebSocketConfiguration(compression: .off)
            configuration.messageLimit = messageLimit
            configuration.deadline = .seconds(5)
            // No pings among what a raw server counts, however slow the machine is.
            configuration.pingInterval = .seconds(300)
            let target = WebSocketTarget(
                endpoint: try Endpoint(url),
                subprotocols: subprotocols,
                configuration: configuration
            )
            let continuation = self.continuation
            self.link = LWSTransport().dial(target, on: self.loop) { event in
                continuation.yield(event)
                if case .ended = event { continuation.finish() }
            }
        }

        func send(_ text: String) { self.link?.send(WebSocketMessage(text: text)) }
        func pause() { self.link?.pauseReading() }
        func resume() { self.link?.resumeReading() }
        func close(_ code: UInt16) { self.link?.close(CloseFrame(code: code, reason: "bye"), as: .ours) }
        func abandon() { self.link?.abandon(.ours) }

        nonisolated func next() async -> WebSocketEvent? {
            var iterator = self.stream.makeAsyncIterator()
            return await iterator.next()
        }

        /// All texts until the end, and the end.
        nonisolated func rest() async -> (texts: [String], end: ConnectionEnd?) {
            var texts: [String] = []
            while let event = await self.next() {
                switch event {
                case .opened, .roundTrip: break
                case .messages(let messages): texts += messages.joined().map(\.text)
                case .ended(let end): return (texts, end)
                }
            }
            return (texts, nil)
        }
    }

    private static func text(_ text: String) -> [UInt8] { RawConnection.frame(0x81, Array(text.utf8)) }
    private static func close(_ code: UInt16) -> [UInt8] {
        RawConnection.frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)])
    }

    @Test("Frames that come in one piece with the 101 are not lost")
    func coalesced() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: Self.text("early") + Self.close(1001))
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        let (texts, end) = await client.rest()
        #expect(texts == ["early"])
        #expect(end == .closeFrame(code: 1001, reason: ""))
    }

    @Test(
        "A right 101 that announces a body is refused, and nothing of the body is delivered",
        arguments: ["Content-Length: 7", "Transfer-Encoding: chunked"]
    )
    func announcedBody(_ header: String) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: "a\r\n\(header)", followedBy: Self.text("hello"))
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url, subprotocols: ["a"])
        let (texts, end) = await client.rest()
        #expect(texts.isEmpty)
        guard case .failure(let error, _)? = end else {
            Issue.record("the end is not a failure: \(String(describing: end))")
            return
        }
        #expect(error.kind == .protocolViolation)
        #expect(error.message.contains("announces a body"))
    }

    @Test("A message in fragments, with a ping between them, is one message; the ping is answered")
    func fragments() async throws {
        let pong = Locked<[UInt8]>([])
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.write(RawConnection.frame(0x01, Array("one ".utf8)))
            connection.write(RawConnection.frame(0x89, Array("?".utf8)))
            let answer = connection.read() ?? []
            pong.withLock { $0 = answer }
            connection.write(RawConnection.frame(0x80, Array("message".utf8)))
            connection.write(Self.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        let (texts, end) = await client.rest()
        #expect(texts == ["one message"])
        #expect(end == .closeFrame(code: 1000, reason: ""))
        let frame = pong.withLock { $0 }
        #expect(frame.count == 7 && frame[0] == 0x8A && frame[1] == 0x81)
        #expect(frame.count == 7 && frame[6] ^ frame[2] == UInt8(ascii: "?"))
    }

    @Test("Bytes that come one by one are the same messages")
    func byteByByte() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            for byte in Self.text("slow") + Self.text("") + Self.close(4000) { connection.write([byte]) }
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        let (texts, end) = await client.rest()
        #expect(texts == ["slow", ""])
        #expect(end == .closeFrame(code: 4000, reason: ""))
    }

    @Test("Our close is answered and the end is ours")
    func closing() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            _ = connection.read()
            connection.write(Self.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        guard case .opened(nil) = await client.next() else {
            Issue.record("not open")
            return
        }
        await client.close(1000)
        #expect(await client.rest().end == .ours)
    }

    @Test("A peer that never answers our close is left after a second")
    func unansweredClose() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        _ = await client.next()
        await client.close(1000)
        #expect(await client.rest().end == .ours)
    }

    @Test("An end without a close frame is 1006, by FIN and by RST", arguments: [false, true])
    func abnormal(_ reset: Bool) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.write(Self.text("last"))
            _ = connection.read()  // until the client has it
            if reset { connection.resetAtEnd() }
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        _ = await client.next()
        guard case .messages = await client.next() else {
            Issue.record("no message")
            return
        }
        await client.send("got it")
        guard case .failure(let error, _) = await client.rest().end else {
            Issue.record("the end is not a failure")
            return
        }
        #expect(error.kind == .closed(code: 1006))
    }

    @Test("Reading stops while paused and goes on after: nothing is lost or changed")
    func pauses() async throws {
        let total = 2000
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            for number in 0..<total {
                connection.write(Self.text("\(number) " + String(repeating: "x", count: number * 7 % 9000)))
            }
            connection.write(Self.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        var next = 0
        while let event = await client.next() {
            switch event {
            case .opened, .roundTrip: break
            case .messages(let messages):
                for message in messages.joined() {
                    let expected = "\(next) " + String(repeating: "x", count: next * 7 % 9000)
                    #expect(message.text == expected)
                    next += 1
                }
                await client.pause()
                await client.resume()
            case .ended(let end):
                #expect(end == .closeFrame(code: 1000, reason: ""))
            }
        }
        #expect(next == total)
    }

    @Test("Many messages go out whole, masked and in order")
    func sending() async throws {
        let received = Locked<[UInt8]>([])
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            while let bytes = connection.read() { received.withLock { $0 += bytes } }
        }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        _ = await client.next()
        let texts = (0..<300).map { "\($0) " + String(repeating: "y", count: $0 * 97 % 20_000) }
        for text in texts { await client.send(text) }
        await client.close(1000)
        _ = await client.rest()
        #expect(Self.unmask(received.withLock { $0 }).prefix(300).elementsEqual(texts))
    }

    @Test("Leaving while the server has not answered yet ends at once")
    func abandonWhileConnecting() async throws {
        let server = try RawServer { connection in connection.readToEnd() }
        defer { server.stop() }
        let client = Client()
        try await client.dial(server.url)
        await client.abandon()
        #expect(await client.rest().end == .ours)
    }

    @Test("Five hundred connections come and go; each ends exactly once")
    func churn() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: Self.text("x") + Self.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        for _ in 0..<500 {
            let client = Client()
            try await client.dial(server.url)
            let (texts, end) = await client.rest()
            #expect(texts == ["x"], "\(end)")
            #expect(end == .closeFrame(code: 1000, reason: ""))
        }
    }

    /// The texts of a client's frames, each checked to be masked.
    private static func unmask(_ bytes: [UInt8]) -> [String] {
        var texts: [String] = []
        var rest = bytes[...]
        while rest.count > 6 {
            let start = rest.startIndex
            guard rest[start + 1] & 0x80 != 0 else { return texts }
            let short = Int(rest[start + 1] & 0x7F)
            let size = short < 126 ? 2 : 4
            let length = short < 126 ? short : Int(rest[start + 2]) << 8 | Int(rest[start + 3])
            guard rest.count >= size + 4 + length else { return texts }
            let mask = Array(rest[start + size..<start + size + 4])
            let payload = rest[start + size + 4..<start + size + 4 + length]
            texts.append(String(decoding: payload.enumerated().map { $1 ^ mask[$0 & 3] }, as: UTF8.self))
            rest = rest[(start + size + 4 + length)...]
        }
        return texts
    }
}
