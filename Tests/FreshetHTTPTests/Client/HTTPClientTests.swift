// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import FreshetTestSupport
import Testing

/// The client and libcurl against a server on a real socket.
@Suite(.timeLimit(.minutes(1)))
struct HTTPClientTests {
    struct Item: Codable, Equatable {
        var id: String
        var title: String
    }

    private static func server(
        _ answer: @escaping @Sendable (RawHTTPServer.Request, Int) -> RawHTTPServer.Answer
    ) throws -> RawHTTPServer {
        try RawHTTPServer(answer)
    }

    @Test("A value is asked for below the base URL, with its query, and decoded")
    func getting() async throws {
        let server = try Self.server { _, _ in RawHTTPServer.answer(body: #"{"id":"1","title":"one"}"#) }
        defer { server.stop() }
        let api = HTTPClient(baseURL: "\(server.url)/v1/")
        let item = try await api.get("/items/a b", query: ["tag": "x&y=ä", "limit": 10, "none": nil], as: Item.self)
        #expect(item == Item(id: "1", title: "one"))
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("GET /v1/items/a%20b?tag=x%26y%3D%C3%A4&limit=10 HTTP/1.1\r\n"))
        #expect(request.header("accept") == "application/json")
        #expect(request.header("host") == "127.0.0.1:\(server.port)")
    }

    @Test("A value is sent as JSON, with its length, and the answer decoded")
    func posting() async throws {
        let server = try Self.server { request, _ in RawHTTPServer.answer("201 Created", body: request.body) }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url)
        let sent = Item(id: "2", title: "zwei")
        #expect(try await api.post("items", json: sent) == sent)
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.header("content-type") == "application/json")
        #expect(request.header("content-length") == "\(request.body.utf8.count)")
        #expect(request.header("expect") == nil)
    }

    @Test("One connection serves one request after another")
    func keepingAlive() async throws {
        let server = try Self.server { _, number in RawHTTPServer.answer(body: "\(number)") }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url)
        for number in 1...5 { #expect(try await api.get("n", as: Int.self) == number) }
        #expect(server.connections == 1)
    }

    @Test("A request that is not answered holds up no other")
    func holdingUp() async throws {
        let (asked, announce) = AsyncStream<Void>.makeStream()
        let server = try Self.server { request, _ in
            guard request.path == "/hang" else { return RawHTTPServer.answer(body: "1") }
            announce.yield()
            return .script { $0.readToEnd() }
        }
        defer { server.stop() }
        var configuration = HTTPConfiguration()
        configuration.pool = HTTPPool()
        let api = HTTPClient(baseURL: server.url, configuration: configuration)
        let hanging = Task { try await api.get("hang", as: Int.self) }
        for await _ in asked { break }
        #expect(try await api.get("x", as: Int.self) == 1)
        hanging.cancel()
    }

    @Test("No more connections to one origin than the pool allows; the others wait for their turn")
    func boundedPool() async throws {
        let server = try Self.server { _, _ in RawHTTPServer.answer(body: "1") }
        defer { server.stop() }
        var configuration = HTTPConfiguration()
        configuration.pool = HTTPPool(connectionsPerOrigin: 2)
        let api = HTTPClient(baseURL: server.url, configuration: configuration)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await api.get("n", as: Int.self) } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 50)
        #expect(server.connections <= 2)
    }

    @Test("The configuration's header fields go along, a call's own count instead, and none to another origin")
    func headers() async throws {
        let server = try Self.server { _, _ in RawHTTPServer.answer(body: "1") }
        let other = try Self.server { _, _ in RawHTTPServer.answer(body: "1") }
        defer {
            server.stop()
            other.stop()
        }
        var configuration = HTTPConfiguration()
        configuration.headers = [.authorization: "Bearer base", .acceptLanguage: "de"]
        let api = HTTPClient(baseURL: server.url, configuration: configuration)
        _ = try await api.get("1", headers: [.acceptLanguage: "en"], as: Int.self)
        _ = try await api.get("\(other.url)/2", as: Int.self)
        #expect(server.requests.first?.header("authorization") == "Bearer base")
        #expect(server.requests.first?.header("accept-language") == "en")
        #expect(other.requests.first?.header("authorization") == nil)
    }

    @Test("204 is nil for an optional, and a decoding error for everything else")
    func noContent() async throws {
        let server = try Self.server { _, _ in .bytes("HTTP/1.1 204 No Content\r\n\r\n") }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url)
        #expect(try await api.get("x", as: Item?.self) == nil)
        let error = await #expect(throws: FreshetError.self) { _ = try await api.get("x", as: Item.self) }
        #expect(error?.kind == .decoding)
        #expect(error?.message == "the server answered 204 without a body, where Item was expected")
        try await api.delete("x")
        #expect(server.connections == 1)
    }

    @Test("HEAD has the length of a body and no body")
    func head() async throws {
        let server = try Self.server { _, _ in .bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") }
        defer { server.stop() }
        let reply = try await HTTPClient(baseURL: server.url).reply(to: .head, "x")
        #expect(reply.response.headerFields[.contentLength] == "1000")
        #expect(reply.body.bytes?.count == 0)
    }

    @Test("An interim answer is not taken for the answer, and trailers are no harm")
    func interimAnswers() async throws {
        let server = try Self.server { _, _ in
            .bytes(
                "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2\r\n42\r\n0\r\nX-Trailer: 1\r\n\r\n"
            )
        }
        defer { server.stop() }
        let reply = try await HTTPClient(baseURL: server.url).reply(to: .get, "x")
        #expect(reply.body.bytes?.text == "42")
        #expect(reply.response.headerFields[HTTPField.Name("X-Early")!] == nil)
    }

    @Test("A body comes while it is read, and a slow reader stops the server instead of filling memory")
    func backPressure() async throws {
        let offered = Locked(0)
        let (stopped, announce) = AsyncStream<Void>.makeStream()
        let server = try Self.server { _, _ in
            .script { connection in
                connection.limitSending(to: 65536)
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                let piece = [UInt8](repeating: 0x61, count: 1 << 16)
                while offered.withLock({ $0 }) < 100_000_000, connection.canWrite(within: 500) {
                    guard let count = connection.writeSome(piece[...]) else { break }
                    offered.withLock { $0 += count }
                }
                announce.yield()
                connection.waitForStop()
            }
        }
        defer { server.stop() }
        let reply = try await HTTPClient(baseURL: server.url).stream(.get, "x")
        var pieces = reply.body.makeAsyncIterator()
        let first = try #require(try await pieces.next())
        #expect(first[0] == 0x61)
        // The server gives up when it could write nothing for half a second: by then it has sent what fits into our buffer
        // and the kernels', and not a fifth of it all.
        for await _ in stopped { break }
        #expect(offered.withLock { $0 } < 20_000_000)
    }

    @Test("Cancelling closes the connection, before the answer and in the middle of it", arguments: [false, true])
    func cancelling(inTheMiddle: Bool) async throws {
        let (closed, announce) = AsyncStream<Void>.makeStream()
        let (asked, announceAsked) = AsyncStream<Void>.makeStream()
        let server = try Self.server { _, _ in
            .script { connection in
                if inTheMiddle { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome") }
                announceAsked.yield()
                connection.readToEnd()
                announce.yield()
            }
        }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url)
        let task = Task { () -> FreshetError? in
            do throws(FreshetError) {
                _ = try await api.reply(to: .get, "x")
                return nil
            } catch {
                return error
            }
        }
        for await _ in asked { break }
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        for await _ in closed { break }
    }

    @Test("Dropping a body unread closes the connection")
    func dropping() async throws {
        let (closed, announce) = AsyncStream<Void>.makeStream()
        let server = try Self.server { _, _ in
            .script { connection in
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
                connection.readToEnd()
                announce.yield()
            }
        }
        defer { server.stop() }
        do {
            let reply = try await HTTPClient(baseURL: server.url).stream(.get, "x")
            #expect(reply.body.length == 100)
        }
        for await _ in closed { break }
    }

    @Test("A body that comes piece by piece is sent in chunks, and its failure ends the request")
    func streamingUp() async throws {
        let server = try Self.server { request, _ in
            RawHTTPServer.answer(body: request.header("transfer-encoding") ?? "none")
        }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url)
        let pieces = AsyncStream<Bytes> { continuation in
            for text in ["one ", "two ", "three"] { continuation.yield(Bytes(copying: Array(text.utf8))) }
            continuation.finish()
        }
        let reply = try await api.reply(to: .post, "x", body: HTTPBody(pieces))
        #expect(reply.body.bytes?.text == "chunked")
        #expect(server.requests.first?.body == "one two three")

        struct Broken: Error {}
        let broken = AsyncThrowingStream<Bytes, any Error> { continuation in
            continuation.yield(Bytes(copying: Array("one".utf8)))
            continuation.finish(throwing: Broken())
        }
        let error = await #expect(throws: FreshetError.self) {
            _ = try await api.reply(to: .post, "x", body: HTTPBody(broken))
        }
        #expect(error?.kind == .invalidInput)
    }

    @Test("Middlewares see each call in their order, and each attempt begins with the call as it was")
    func middlewareOrder() async throws {
        struct Mark: HTTPMiddleware {
            let name: String

            func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
                var call = call
                let field = HTTPField.Name("X-Marks") ?? .accept
                call.request.headerFields[field] = (call.request.headerFields[field] ?? "") + self.name
                return try await next(call)
            }
        }
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            number == 1 ? .status(.serviceUnavailable) : try .json(1)
        }
        let clock = ManualClock()
        let api = HTTPClient(
            baseURL: "http://api.test",
            middlewares: [
                Mark(name: "a"), RetryMiddleware(RetryPolicy(), time: TimeSource(clock, jitter: { 0 })),
                Mark(name: "b"),
            ],
            transport: transport
        )
        #expect(try await api.get("x", as: Int.self) == 1)
        #expect(transport.calls.map { $0.request.headerFields[HTTPField.Name("X-Marks") ?? .accept] } == ["ab", "ab"])
        #expect(transport.calls.map(\.attempt) == [1, 2])
    }
}
