// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

/// A connection that was kept, and that the server ends when it has read the next request: libcurl would send that again on
/// another one, and must not where it may have been executed.
@Suite(.timeLimit(.minutes(1)))
struct ReplayTests {
    /// Answers the first request, and drops the second one.
    private static func server() throws -> RawHTTPServer {
        try RawHTTPServer { _, number in
            switch number {
            case 2: .script { _ in }
            case 3...: RawHTTPServer.answer(body: "3")
            default: RawHTTPServer.answer(body: "1")
            }
        }
    }

    private static func client(_ server: RawHTTPServer) -> HTTPClient {
        var configuration = HTTPConfiguration()
        configuration.pool = HTTPPool()
        return HTTPClient(baseURL: server.url, configuration: configuration)
    }

    private static let bodies: [HTTPBody?] = [
        nil, HTTPBody(), HTTPBody(Array("x".utf8)), HTTPBody([UInt8](repeating: 0x78, count: 8 << 20)),
    ]

    @Test(
        "What is not idempotent is sent once, and its outcome is unknown, whatever its body",
        arguments: [HTTPRequest.Method.post, .patch, .init("PUBLISH")!],
        0..<4
    )
    func once(_ method: HTTPRequest.Method, _ body: Int) async throws {
        let server = try Self.server()
        defer { server.stop() }
        let api = Self.client(server)
        _ = try await api.get("first", as: Int.self)
        let error = await #expect(throws: FreshetError.self) {
            _ = try await api.reply(to: method, "second", body: Self.bodies[body])
        }
        #expect(error?.kind == .outcomeUnknown, "\(String(describing: error))")
        #expect(error?.message.contains("whether the \(method.rawValue) was executed is unknown") == true)
        #expect(error?.hint?.contains("Idempotency-Key") == true)
        #expect(server.requests.count == 2)
        // The connection that libcurl had made for it serves the next one.
        #expect(try await api.get("third", as: Int.self) == 3)
        #expect(server.requests.map(\.method) == ["GET", method.rawValue, "GET"])
    }

    @Test("The same for a body that comes piece by piece, of which nothing has come yet")
    func streamed() async throws {
        let (pieces, feed) = AsyncStream<Bytes>.makeStream()
        let requests = Locked(0)
        let server = try RawServer { connection in
            for number in 1...2 {
                guard !connection.readRequest().isEmpty else { return }
                requests.withLock { $0 += 1 }
                if number == 1 { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1") }
            }
            connection.resetAtEnd()
            // libcurl hears of the end when it has something to send.
            feed.yield(Bytes(copying: Array("x".utf8)))
            feed.finish()
        }
        defer { server.stop() }
        var configuration = HTTPConfiguration()
        configuration.pool = HTTPPool()
        let api = HTTPClient(baseURL: "http://127.0.0.1:\(server.port)", configuration: configuration)
        _ = try await api.get("first", as: Int.self)
        let error = await #expect(throws: FreshetError.self) {
            _ = try await api.reply(to: .post, "second", body: HTTPBody(pieces))
        }
        #expect(error?.kind == .outcomeUnknown)
        #expect(requests.withLock { $0 } == 2)
    }

    @Test(
        "What is idempotent is sent again, and so is what has an Idempotency-Key",
        arguments: [HTTPRequest.Method.get, .put, .delete, .post],
        0..<4
    )
    func again(_ method: HTTPRequest.Method, _ body: Int) async throws {
        let server = try Self.server()
        defer { server.stop() }
        let api = Self.client(server)
        _ = try await api.get("first", as: Int.self)
        let reply = try await api.reply(
            to: method,
            "second",
            headers: method == .post ? [.idempotencyKey: "k"] : [:],
            body: Self.bodies[body]
        )
        #expect(reply.body.bytes?.text == "3")
        #expect(server.requests.map(\.method) == ["GET", method.rawValue, method.rawValue])
        #expect(server.requests[1].body == server.requests[2].body)
    }

    @Test("A POST on a new connection that is ended is sent once, and one that reaches nobody is not unknown")
    func newConnection() async throws {
        let server = try RawHTTPServer { _, _ in .script { _ in } }
        let api = Self.client(server)
        for body in Self.bodies {
            let error = await #expect(throws: FreshetError.self) { _ = try await api.reply(to: .post, "x", body: body) }
            #expect(error?.kind == .outcomeUnknown)
        }
        #expect(server.requests.count == Self.bodies.count)
        server.stop()
        let port = try FullListener().port  // nobody's as soon as it is gone
        let nobody = HTTPClient(baseURL: "http://127.0.0.1:\(port)", middlewares: [])
        let error = await #expect(throws: FreshetError.self) { _ = try await nobody.reply(to: .post, "x") }
        #expect(error?.kind == .unreachable)
        #expect(error?.message.contains("connection refused") == true)
    }

    @Test("A POST whose answer breaks off has an unknown outcome, and the GET beside it is asked again")
    func brokenAnswers() async throws {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1",
            "HTTP/1.1 103 Early\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n",
        ] {
            let server = try RawHTTPServer { request, number in
                number == 2 ? RawHTTPServer.answer(body: "2") : .last(answer)
            }
            let api = Self.client(server)
            #expect(try await api.get("x", as: Int.self) == 2)
            let error = await #expect(throws: FreshetError.self) { _ = try await api.reply(to: .post, "x") }
            #expect(error?.kind == .outcomeUnknown, "\(answer): \(String(describing: error))")
            #expect(server.requests.count == 3)
            server.stop()
        }
    }

    @Test("A request without a body says so: no type, and a length of 0 where one is expected")
    func noBody() async throws {
        let server = try RawHTTPServer { _, _ in RawHTTPServer.answer(body: "1") }
        defer { server.stop() }
        let api = Self.client(server)
        for method in [HTTPRequest.Method.post, .put, .patch, .delete, .get] {
            _ = try await api.reply(to: method, "x")
            let request = try #require(server.requests.last)
            #expect(request.header("content-type") == nil, "\(request.head)")
            #expect(request.header("content-length") == (["DELETE", "GET"].contains(method.rawValue) ? nil : "0"))
        }
        #expect(server.connections == 1)
    }
}
