// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

@Suite struct RedirectMiddlewareTests {
    private static func client(
        _ transport: ScriptedHTTPTransport,
        _ redirects: RedirectPolicy = RedirectPolicy(),
        base: String = "https://api.test/v1"
    ) -> HTTPClient {
        var configuration = HTTPConfiguration()
        configuration.redirects = redirects
        return HTTPClient(baseURL: base, configuration: configuration, middlewares: [], transport: transport)
    }

    /// Redirects once, then says yes.
    private static func once(_ status: Int, to location: String) -> ScriptedHTTPTransport {
        ScriptedHTTPTransport { _, number throws(FreshetError) in
            number == 1 ? .status(.init(code: status), headers: [.location: location]) : try .json(true)
        }
    }

    private static func failure(_ body: () async throws -> Void) async -> FreshetError? {
        await #expect(throws: FreshetError.self) { try await body() }
    }

    @Test(
        "What becomes of method and body",
        arguments: [301, 302, 303, 307, 308],
        [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete]
    )
    func methods(_ status: Int, _ method: HTTPRequest.Method) async throws {
        let transport = Self.once(status, to: "/other")
        let body = [.get, .head, .delete].contains(method) ? nil : HTTPBody(Array("x".utf8))
        let reply = try await Self.client(transport).reply(
            to: method,
            "x",
            headers: [.contentType: "text/plain"],
            body: body
        )
        #expect(reply.response.status == .ok)
        let second = try #require(transport.calls.last)
        #expect(second.request.path == "/other")
        let becomesGet = status == 303 && method != .head || status <= 302 && method == .post
        #expect(second.request.method == (becomesGet ? .get : method))
        #expect(second.body?.bytes?.text == (becomesGet ? nil : body?.bytes?.text))
        #expect(second.request.headerFields.contains(.contentType) == !becomesGet)
    }

    @Test(
        "Where a location leads (RFC 3986 5.4)",
        arguments: [
            ("y", "https://api.test/v1/y"), ("../y", "https://api.test/y"), ("?q=1", "https://api.test/v1/x?q=1"),
            ("/y#part", "https://api.test/y"), ("//other.test/y", "https://other.test/y"),
            ("https://other.test", "https://other.test/"), ("HTTPS://API.test:443/y", "https://api.test:443/y"),
            ("/a b", "https://api.test/a%20b"),
        ]
    )
    func locations(_ location: String, _ expected: String) async throws {
        let transport = Self.once(302, to: location)
        _ = try await Self.client(transport).get("x", as: Bool.self)
        let request = try #require(transport.calls.last?.request)
        #expect("\(request.scheme ?? "")://\(request.authority ?? "")\(request.path ?? "")" == expected)
    }

    @Test("To another origin only what is no secret goes along; to the same one all")
    func strips() async throws {
        let secrets: HTTPFields = [
            .authorization: "Bearer s", .cookie: "s", HTTPField.Name("X-Api-Key")!: "s", .ifNoneMatch: "s",
            .accept: "a/b", .acceptLanguage: "de", .range: "bytes=0-1",
        ]
        for location in ["https://other.test/", "https://api.test:8443/"] {
            let transport = Self.once(307, to: location)
            _ = try await Self.client(transport).get("x", headers: secrets, as: Bool.self)
            let names = try #require(transport.calls.last).request.headerFields.map(\.name.canonicalName).sorted()
            #expect(names == ["accept", "accept-language", "range", "user-agent"])
        }
        let transport = Self.once(307, to: "https://api.test:443/")
        _ = try await Self.client(transport).get("x", headers: secrets, as: Bool.self)
        #expect(transport.calls.last?.request.headerFields == transport.calls.first?.request.headerFields)
    }

    @Test(
        "A body does not go to another origin: the redirect is refused, where it would keep it",
        arguments: [
            (307, HTTPRequest.Method.post), (308, .post), (307, .put), (302, .put), (301, .patch),
        ]
    )
    func bodies(_ status: Int, _ method: HTTPRequest.Method) async throws {
        for location in ["https://other.test/", "https://api.test:8443/v1/x"] {
            let transport = Self.once(status, to: location)
            let error = await Self.failure {
                _ = try await Self.client(transport).reply(to: method, "x", body: HTTPBody(Array("hunter2".utf8)))
            }
            #expect(error?.kind == .rejected(status: status))
            #expect(error?.message.contains("no body") == true)
            #expect(transport.calls.count == 1)
        }
        // Nothing is no secret, and what is left behind is none any more.
        let empty = Self.once(307, to: "https://other.test/")
        _ = try await Self.client(empty).reply(to: .post, "x", body: HTTPBody())
        #expect(empty.calls.last?.request.authority == "other.test")
        let left = Self.once(303, to: "https://other.test/")
        _ = try await Self.client(left).post("x", json: 1, as: Bool.self)
        #expect(left.calls.map { $0.body == nil } == [false, true])
    }

    @Test("What was left out for another origin does not come back on the way home")
    func thereAndBack() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            switch number {
            case 1: .status(.found, headers: [.location: "https://other.test/"])
            case 2: .status(.found, headers: [.location: "https://api.test/home"])
            default: try .json(true)
            }
        }
        _ = try await Self.client(transport).get("x", headers: [.authorization: "s"], as: Bool.self)
        #expect(transport.calls.map { $0.request.headerFields.contains(.authorization) } == [true, false, false])
    }

    @Test(
        "From TLS to plain nothing goes, and nowhere that HTTP cannot go",
        arguments: [
            "http://api.test/", "http://other.test/", "ftp://api.test/", "http+unix:/run/docker.sock:/",
            "file:///etc/passwd",
            "https://user:hunter2@api.test/", "https://", "javascript:alert(1)", "https://a%2Fb/",
        ]
    )
    func refused(_ location: String) async throws {
        let transport = Self.once(302, to: location)
        let error = await Self.failure { _ = try await Self.client(transport).get("x", as: Bool.self) }
        #expect([.rejected(status: 302), .protocolViolation].contains(error?.kind), "\(String(describing: error))")
        #expect(error?.description.contains("hunter2") == false)
        #expect(transport.calls.count == 1)
    }

    @Test("From plain to TLS is allowed, and to another origin only if the policy says so")
    func upgrade() async throws {
        let transport = Self.once(301, to: "https://api.test/x")
        _ = try await Self.client(transport, base: "http://api.test").get("x", as: Bool.self)
        #expect(transport.calls.last?.request.scheme == "https")
        let other = Self.once(301, to: "https://other.test/x")
        let error = await Self.failure {
            _ = try await Self.client(other, RedirectPolicy(acrossOrigins: false)).get("x", as: Bool.self)
        }
        #expect(error?.kind == .rejected(status: 301))
        #expect(error?.message.contains("another origin") == true)
    }

    @Test("A circle is seen, and so are more than the limit")
    func circles() async throws {
        let circle = ScriptedHTTPTransport { _, number throws(FreshetError) in
            .status(.found, headers: [.location: number % 2 == 1 ? "/b" : "/v1/x"])
        }
        let error = await Self.failure { _ = try await Self.client(circle).get("x", as: Bool.self) }
        #expect(error?.kind == .rejected(status: 302))
        #expect(error?.message.contains("circle") == true)
        #expect(circle.calls.count == 2)

        let endless = ScriptedHTTPTransport { _, number throws(FreshetError) in
            .status(.found, headers: [.location: "/\(number)"])
        }
        let tooMany = await Self.failure { _ = try await Self.client(endless).get("x", as: Bool.self) }
        #expect(tooMany?.kind == .rejected(status: 302))
        #expect(tooMany?.message.contains("more than 5") == true)
        #expect(endless.calls.count == 6)
    }

    @Test("A POST that becomes a GET of the same URL is no circle")
    func postRedirectGet() async throws {
        let transport = Self.once(303, to: "/v1/x")
        _ = try await Self.client(transport).post("x", json: 1, as: Bool.self)
        #expect(transport.calls.map(\.request.method) == [.post, .get])
    }

    @Test("A body that can be read once is not sent again")
    func streams() async throws {
        let body = HTTPBody(AsyncStream<Bytes> { $0.finish() })
        let transport = Self.once(307, to: "/y")
        let error = await Self.failure { _ = try await Self.client(transport).reply(to: .put, "x", body: body) }
        #expect(error?.kind == .rejected(status: 307))
        #expect(transport.calls.count == 1)
    }

    @Test("Without a location, with another 3xx, or by policy, the redirect itself is the answer")
    func notFollowed() async throws {
        for transport in [
            Self.once(304, to: "/y"), Self.once(300, to: "/y"),
            ScriptedHTTPTransport { _, _ throws(FreshetError) in .status(.found) },
        ] {
            let error = await Self.failure { _ = try await Self.client(transport).get("x", as: Bool.self) }
            #expect(error?.hint != nil)
            #expect(transport.calls.count == 1)
        }
        let transport = Self.once(302, to: "/y")
        let api = Self.client(transport, .none)
        let reply = try await api.send(api.call(.get, "x"))
        #expect(reply.response.status == .found)
    }

    @Test("On a Unix domain socket a path leads on, and nothing leads away")
    func unixSocket() async throws {
        let transport = Self.once(302, to: "/y z")
        _ = try await Self.client(transport, base: "http+unix:/run/app.sock:/v1").get("x", as: Bool.self)
        #expect(transport.calls.last?.request.path == "/y%20z")
        #expect(transport.calls.last?.request.authority == "/run/app.sock")
        let away = Self.once(302, to: "http://other.test/")
        let error = await Self.failure {
            _ = try await Self.client(away, base: "http+unix:/run/app.sock:/v1").get("x", as: Bool.self)
        }
        #expect(error?.kind == .protocolViolation)
    }
}
