// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

/// Each phase has its deadline and its word for it.
///
/// Where something has to come within a deadline before another one passes, they are seconds: the machine may be busy.
@Suite(.timeLimit(.minutes(1)))
struct TimeoutTests {
    private static func client(_ url: String, _ timeouts: HTTPTimeouts, connections: Int = 64) -> HTTPClient {
        var configuration = HTTPConfiguration()
        configuration.timeouts = timeouts
        configuration.pool = HTTPPool(connectionsPerOrigin: connections)
        return HTTPClient(baseURL: url, configuration: configuration, middlewares: [])
    }

    private static func failure(_ body: () async throws -> Void) async -> FreshetError? {
        await #expect(throws: FreshetError.self) { try await body() }
    }

    @Test("Connecting, where SYNs are dropped; silence is not counted meanwhile")
    func connecting() async throws {
        let listener = try FullListener()
        let url = "http://127.0.0.1:\(listener.port)"
        let api = Self.client(url, HTTPTimeouts(connect: .milliseconds(300), receive: .milliseconds(100)))
        for method in [HTTPRequest.Method.get, .post] {
            let error = await Self.failure { _ = try await api.reply(to: method, "x") }
            #expect(error?.kind == .timeout(.connect), "\(String(describing: error))")
            #expect(error?.message == "reaching 127.0.0.1:\(listener.port) took too long")
        }
    }

    @Test("TLS with who says nothing")
    func handshake() async throws {
        let server = try RawServer { $0.readToEnd() }
        defer { server.stop() }
        let api = Self.client("https://127.0.0.1:\(server.port)", HTTPTimeouts(connect: .milliseconds(300)))
        let error = await Self.failure { _ = try await api.reply(to: .post, "x") }
        #expect(error?.kind == .timeout(.tls))
    }

    @Test("The answer: for a POST its outcome is unknown then")
    func response() async throws {
        let server = try RawHTTPServer { _, _ in .script { $0.readToEnd() } }
        defer { server.stop() }
        let api = Self.client(server.url, HTTPTimeouts(receive: .milliseconds(200)))
        let error = await Self.failure { _ = try await api.reply(to: .get, "x") }
        #expect(error?.kind == .timeout(.response))
        #expect(error?.message == "an answer from 127.0.0.1:\(server.port) did not come within 0.2 seconds")
        let post = await Self.failure { _ = try await api.reply(to: .post, "x") }
        #expect(post?.kind == .outcomeUnknown)
    }

    @Test("A server that does not read what it is sent")
    func deaf() async throws {
        let server = try RawServer { connection in
            connection.limitReceiving(to: 4096)
            connection.waitForStop()
        }
        defer { server.stop() }
        let api = Self.client("http://127.0.0.1:\(server.port)", HTTPTimeouts(receive: .milliseconds(200)))
        let body = HTTPBody([UInt8](repeating: 0, count: 32 << 20))
        let error = await Self.failure { _ = try await api.reply(to: .put, "x", body: body) }
        #expect(error?.kind == .timeout(.response))
    }

    @Test("The rest of a body, collected or read as it comes")
    func body() async throws {
        let server = try RawHTTPServer { _, _ in
            .script { connection in
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome")
                connection.readToEnd()
            }
        }
        defer { server.stop() }
        let api = Self.client(server.url, HTTPTimeouts(receive: .seconds(2)))
        #expect(await Self.failure { _ = try await api.reply(to: .get, "x") }?.kind == .timeout(.body))
        let reply = try await api.send(api.call(.get, "x"))
        var pieces = reply.body.makeAsyncIterator()
        #expect(try await pieces.next()?.text == "some")
        #expect(await Self.failure { _ = try await pieces.next() }?.kind == .timeout(.body))
        #expect(try await pieces.next() == nil)
    }

    @Test("All of it, however busy the server is")
    func total() async throws {
        let server = try RawHTTPServer { _, _ in
            .script { connection in
                connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while connection.write(Array("1\r\nx\r\n".utf8)) { connection.pause(milliseconds: 10) }
            }
        }
        defer { server.stop() }
        let api = Self.client(server.url, HTTPTimeouts(receive: .seconds(30), total: .milliseconds(300)))
        #expect(await Self.failure { _ = try await api.reply(to: .get, "x") }?.kind == .timeout(.total))
        #expect(await Self.failure { _ = try await api.reply(to: .post, "x") }?.kind == .outcomeUnknown)
    }

    @Test("A stream may be silent, but a refusal of one may not")
    func refusedStream() async throws {
        let server = try RawHTTPServer { _, _ in
            .script { connection in
                connection.write("HTTP/1.1 503 Unavailable\r\nContent-Length: 10\r\n\r\nsome")
                connection.readToEnd()
            }
        }
        defer { server.stop() }
        let api = Self.client(server.url, HTTPTimeouts(connect: .seconds(2)))
        let error = await Self.failure { _ = try await api.stream(.get, "x") }
        #expect(error?.kind == .server(status: 503))
    }

    @Test("A reader who pauses for longer than a server may be silent is not the server's silence; what follows is")
    func pausedReader() async throws {
        let (written, announce) = AsyncStream<Void>.makeStream()
        let server = try RawHTTPServer { request, _ in
            request.path == "/silent"
                ? .script { $0.readToEnd() }
                : .script { connection in
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                    let piece = [UInt8](repeating: 0x61, count: 1 << 20)
                    for _ in 0..<4 { connection.write(piece) }
                    announce.yield()
                    connection.readToEnd()
                }
        }
        defer { server.stop() }
        let api = Self.client(server.url, HTTPTimeouts(receive: .seconds(2)))
        let call = try api.call(.get, "x")
        var unlimited = call
        unlimited.limits.body = nil
        let reply = try await api.send(unlimited)
        var pieces = reply.body.makeAsyncIterator()
        _ = try await pieces.next()
        // Others' silence says that the time is over, and with it the first one's would have been.
        for _ in 1...2 { #expect(await Self.failure { _ = try await api.reply(to: .get, "silent") } != nil) }
        var size = 0
        let error = await Self.failure { while let piece = try await pieces.next() { size += piece.count } }
        #expect(error?.kind == .timeout(.body))
        #expect(size > 3 << 20)
        for await _ in written { break }
    }

    @Test("A caller who has nothing to send yet is not the server's silence")
    func slowCaller() async throws {
        let server = try RawHTTPServer { request, _ in
            request.path == "/silent" ? .script { $0.readToEnd() } : RawHTTPServer.answer(body: "1")
        }
        defer { server.stop() }
        let (pieces, feed) = AsyncStream<Bytes>.makeStream()
        let api = Self.client(server.url, HTTPTimeouts(receive: .seconds(2)))
        async let reply = api.reply(to: .post, "x", body: HTTPBody(pieces))
        feed.yield(Bytes(copying: Array("one ".utf8)))
        for _ in 1...2 { #expect(await Self.failure { _ = try await api.reply(to: .get, "silent") } != nil) }
        feed.yield(Bytes(copying: Array("two".utf8)))
        feed.finish()
        #expect(try await reply.body.bytes?.text == "1")
        #expect(server.requests.first { $0.method == "POST" }?.body == "one two")
    }

    @Test("Waiting for a connection of a full pool ends too, and other origins are not held up")
    func fullPool() async throws {
        let server = try RawHTTPServer { request, _ in
            request.path == "/silent" ? .script { $0.readToEnd() } : RawHTTPServer.answer(body: "1")
        }
        let other = try RawHTTPServer { _, _ in RawHTTPServer.answer(body: "2") }
        defer {
            server.stop()
            other.stop()
        }
        let api = Self.client(server.url, HTTPTimeouts(connect: .seconds(2)), connections: 1)
        let first = Task { await Self.failure { _ = try await api.reply(to: .get, "silent") } }
        var call = try api.call(.post, "x")
        call.timeouts.receive = .milliseconds(100)
        let late = call
        let second = Task { await Self.failure { _ = try await api.send(late) } }
        #expect(try await api.get("\(other.url)/x", as: Int.self) == 2)
        let error = await second.value
        #expect(error?.kind == .timeout(.connect))
        #expect(error?.message.contains("no free connection") == true)
        first.cancel()
        #expect(await first.value?.kind == .cancelled)
    }
}
