// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import Testing

/// Credentials on calls: which are sent where, and what follows a refusal.
@Suite(.timeLimit(.minutes(1)))
struct AuthenticationMiddlewareTests {
    /// A server that takes some tokens, and remembers what it was sent.
    private final class Server: Sendable {
        let good: Locked<Set<String>>
        let calls = Locked<[HTTPCall]>([])

        init(good: Set<String>) { self.good = Locked(good) }

        func answer(_ call: HTTPCall) -> HTTPReply {
            self.calls.withLock { $0.append(call) }
            let token = call.request.headerFields[.authorization]?.split(separator: " ").last.map(String.init) ?? ""
            let isGood = self.good.withLock { $0.contains(token) }
            return HTTPReply(HTTPResponse(status: isGood ? .ok : .unauthorized))
        }

        var tokens: [String?] { self.calls.withLock { $0.map { $0.request.headerFields[.authorization] } } }
    }

    private func call(
        _ url: (scheme: String, authority: String) = ("https", "api.example.com"),
        body: HTTPBody? = nil
    ) -> HTTPCall {
        HTTPCall(HTTPRequest(method: .post, scheme: url.scheme, authority: url.authority, path: "/v1"), body: body)
    }

    private func middleware(_ harness: SessionHarness) throws -> AuthenticationMiddleware<TestAuthenticator> {
        try AuthenticationMiddleware(harness.session, origins: ["https://api.example.com/v1"])
    }

    @Test("401 once: refreshed, and sent again with the new credential, which is applied once; the attempt counts")
    func retried() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-2"])
        let body = HTTPBody(Array("hello".utf8))
        let reply = try await self.middleware(harness).intercept(self.call(body: body)) { server.answer($0) }
        #expect(reply.response.status == .ok)
        let calls = server.calls.withLock { $0 }
        #expect(
            calls.map { $0.request.headerFields[values: .authorization] } == [["Bearer token-1"], ["Bearer token-2"]]
        )
        #expect(calls.map { $0.body?.bytes?.text } == ["hello", "hello"])
        #expect(calls.map(\.attempt) == [1, 2])
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test("At most one auth retry per request: a second 401 is handed on")
    func once() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: [])
        let reply = try await self.middleware(harness).intercept(self.call()) { server.answer($0) }
        #expect(reply.response.status == .unauthorized)
        #expect(server.tokens == ["Bearer token-1", "Bearer token-2"])
    }

    @Test("A late 401 that used an older credential retries with the current one and does not refresh again")
    func late() async throws {
        let (arrived, gate) = (Gate(), Gate())
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-2"])
        let middleware = try self.middleware(harness)
        let slow = Task {
            try await middleware.intercept(self.call()) { call in
                let reply = server.answer(call)
                if call.attempt == 1 {
                    arrived.open()
                    await gate.wait()
                }
                return reply
            }
        }
        await arrived.wait()
        #expect(try await middleware.intercept(self.call()) { server.answer($0) }.response.status == .ok)
        gate.open()
        #expect(try await slow.value.response.status == .ok)
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test("1,000 calls whose token is refused: one refresh, and each call is sent twice at most")
    func many() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-2"])
        let middleware = try self.middleware(harness)
        let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
            for _ in 0..<1000 {
                group.addTask { try await middleware.intercept(self.call()) { server.answer($0) }.response.status }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1.code) }
        }
        #expect(statuses == [200])
        #expect(harness.authenticator.refreshes == 1)
        #expect(server.calls.withLock { $0.count } <= 2000)
    }

    @Test(
        "A body that can be read only once is not sent again: the 401 is handed on, and the next call has a new token"
    )
    func notReplayable() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-2"])
        let middleware = try self.middleware(harness)
        let stream = HTTPBody(AsyncStream<Bytes> { $0.finish() })
        let refused = try await middleware.intercept(self.call(body: stream)) { server.answer($0) }
        #expect(refused.response.status == .unauthorized)
        #expect(try await middleware.intercept(self.call(body: stream)) { server.answer($0) }.response.status == .ok)
        #expect(server.tokens == ["Bearer token-1", "Bearer token-2"])
    }

    @Test("The body of the 401 is let go, unread, before the call is sent again")
    func bodyDropped() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let transfer = Locked<Weak>(Weak())
        let server = Server(good: ["token-2"])
        let reply = try await self.middleware(harness).intercept(self.call()) { call in
            guard call.attempt == 1 else {
                #expect(transfer.withLock { $0.object } == nil)
                return server.answer(call)
            }
            let object = Transfer()
            transfer.withLock { $0.object = object }
            let stream = AsyncStream<Bytes> {
                Issue.record("it was read")
                return withExtendedLifetime(object) { nil }
            }
            return HTTPReply(server.answer(call).response, body: HTTPBody(stream))
        }
        #expect(reply.response.status == .ok)
    }

    @Test("Refresh refused: the call ends with .unauthorized")
    func refused() async throws {
        let harness = SessionHarness { _, _ throws(FreshetError) in throw FreshetError(.unauthorized, "invalid_grant") }
        try await harness.session.login(.test(1))
        let server = Server(good: [])
        let error = await #expect(throws: FreshetError.self) {
            try await self.middleware(harness).intercept(self.call()) { server.answer($0) }
        }
        #expect(error?.kind == .unauthorized)
        #expect(server.tokens.count == 1)
    }

    @Test("The network fails during the refresh: the call ends with the network's error, and the next one works")
    func offline() async throws {
        let offline = FreshetError(.unreachable, "no network")
        let harness = SessionHarness { number, _ throws(FreshetError) in
            if number == 1 { throw offline }
            return .test(2)
        }
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-2"])
        let middleware = try self.middleware(harness)
        let error = await #expect(throws: FreshetError.self) {
            try await middleware.intercept(self.call()) { server.answer($0) }
        }
        #expect(error == offline)
        #expect(try await middleware.intercept(self.call()) { server.answer($0) }.response.status == .ok)
    }

    @Test("A server that refuses every new token is not asked for more than five within 30 s")
    func limit() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: [])
        let middleware = try self.middleware(harness)
        for _ in 0..<5 {
            #expect(try await middleware.intercept(self.call()) { server.answer($0) }.response.status == .unauthorized)
        }
        let error = await #expect(throws: FreshetError.self) {
            try await middleware.intercept(self.call()) { server.answer($0) }
        }
        #expect(error?.kind == .credentials)
        #expect(error?.message.contains("renewed 5 times within 30") == true)
        #expect(harness.authenticator.refreshes == 5)
    }

    @Test(
        "Another server never gets the credential, and its 401 is its own",
        arguments: [
            ("https", "evil.example.com"), ("http", "api.example.com"), ("https", "api.example.com:8443"),
            ("https", "api.example.com.evil.com"), ("https", "api.example.com@evil.com"), ("https", "x"), ("https", ""),
        ]
    )
    func otherOrigin(_ scheme: String, _ authority: String) async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: [])
        let reply = try await self.middleware(harness).intercept(self.call((scheme, authority))) { server.answer($0) }
        #expect(reply.response.status == .unauthorized)
        #expect(server.tokens == [nil])
        #expect(harness.authenticator.refreshes == 0)
    }

    @Test(
        "The same server in other words gets it",
        arguments: [("HTTPS", "API.example.com"), ("https", "api.example.com:443")]
    )
    func sameOrigin(_ scheme: String, _ authority: String) async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-1"])
        _ = try await self.middleware(harness).intercept(self.call((scheme, authority))) { server.answer($0) }
        #expect(server.tokens == ["Bearer token-1"])
    }

    @Test("Signed out, a call is not sent")
    func signedOut() async throws {
        let server = Server(good: [])
        let error = await #expect(throws: FreshetError.self) {
            try await self.middleware(SessionHarness()).intercept(self.call()) { server.answer($0) }
        }
        #expect(error?.kind == .unauthorized)
        #expect(server.tokens.isEmpty)
    }

    @Test("What one user asked is not asked again as another")
    func otherUser() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let server = Server(good: ["token-7"])
        let error = await #expect(throws: FreshetError.self) {
            try await self.middleware(harness).intercept(self.call()) { call throws(FreshetError) in
                try await harness.session.login(.test(7))
                return server.answer(call)
            }
        }
        #expect(error?.kind == .unauthorized)
        #expect(server.tokens == ["Bearer token-1"])
    }

    @Test(
        "Origins that are no URLs, or none, are refused",
        arguments: [[], ["api.example.com"], ["ftp://x"], ["https://"]]
    )
    func badOrigins(_ origins: [String]) {
        let error = #expect(throws: FreshetError.self) {
            try AuthenticationMiddleware(SessionHarness().session, origins: origins)
        }
        #expect(error?.kind == .invalidInput)
    }
}

private final class Transfer: Sendable {}

private struct Weak: Sendable {
    weak var object: Transfer?
}
