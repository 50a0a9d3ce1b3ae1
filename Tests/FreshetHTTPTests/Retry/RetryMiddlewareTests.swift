// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

/// In virtual time, against a script.
@Suite(.timeLimit(.minutes(1)))
struct RetryMiddlewareTests {
    private let clock = ManualClock()

    private func api(_ transport: ScriptedHTTPTransport) -> HTTPClient {
        let retries = RetryMiddleware(RetryPolicy(), time: TimeSource(self.clock, jitter: { 0.5 }))
        return HTTPClient(baseURL: "http://api.test", middlewares: [retries], transport: transport)
    }

    private static func failure(_ body: () async throws -> Void) async -> FreshetError? {
        await #expect(throws: FreshetError.self) { try await body() }
    }

    @Test("An answer that may pass is asked for again after its wait, and each attempt has its number")
    func again() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            number < 3 ? .status(.serviceUnavailable) : try .json(number)
        }
        async let value = self.api(transport).get("x", as: Int.self)
        await self.clock.expire(.milliseconds(125))
        await self.clock.expire(.milliseconds(250))
        #expect(try await value == 3)
        #expect(transport.calls.map(\.attempt) == [1, 2, 3])
    }

    @Test("The last answer is handed on with its body, and its status means what it means")
    func lastAnswer() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            try .json(["detail": "attempt \(number)"], status: .badGateway)
        }
        let api = self.api(transport)
        let task = Task { () -> FreshetError? in await Self.failure { _ = try await api.get("x", as: Int.self) } }
        await self.clock.expire(.milliseconds(125))
        await self.clock.expire(.milliseconds(250))
        let error = try #require(await task.value)
        #expect(error.kind == .server(status: 502))
        #expect(error.problem?.detail == "attempt 3")
        #expect(error.message == "GET api.test/x was answered with HTTP 502: attempt 3")
        #expect(transport.calls.count == 3)
    }

    @Test("Retry-After is waited for, to the second")
    func retryAfter() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            number == 1 ? .status(.tooManyRequests, headers: [.retryAfter: "7"]) : try .json(1)
        }
        async let value: Int = self.api(transport).post("x", json: 1)
        await self.clock.expire(.milliseconds(7125))
        #expect(try await value == 1)
    }

    @Test("A server that wants more patience than there is gets no second attempt, and says so")
    func tooLong() async throws {
        let transport = ScriptedHTTPTransport { _, _ throws(FreshetError) in
            .status(.tooManyRequests, headers: [.retryAfter: "3600"])
        }
        let error = await Self.failure { _ = try await self.api(transport).get("x", as: Int.self) }
        #expect(error?.kind == .rateLimited(retryAfter: .seconds(3600)))
        #expect(transport.calls.count == 1)
    }

    @Test("A POST whose outcome is unknown is sent once; one that reached nobody again")
    func posts() async throws {
        let unknown = ScriptedHTTPTransport { _, _ throws(FreshetError) in throw FreshetError(.outcomeUnknown, "x") }
        let error = await Self.failure { _ = try await self.api(unknown).post("x", json: 1, as: Int.self) }
        #expect(error?.kind == .outcomeUnknown)
        #expect(unknown.calls.count == 1)

        let unreachable = ScriptedHTTPTransport { _, number throws(FreshetError) in
            guard number > 1 else { throw FreshetError(.unreachable, "connection refused") }
            return try .json(1)
        }
        async let value: Int = self.api(unreachable).post("x", json: 1)
        await self.clock.expire(.milliseconds(125))
        #expect(try await value == 1)
    }

    @Test("A POST that the server could not serve is sent again only with an Idempotency-Key, the same one")
    func idempotencyKey() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            number < 3 ? .status(.serviceUnavailable) : try .json(1)
        }
        let api = self.api(transport)
        let error = await Self.failure { _ = try await api.post("x", json: 1, as: Int.self) }
        #expect(error?.kind == .server(status: 503))
        #expect(transport.calls.count == 1)
        async let value: Int = api.post("x", json: 1, headers: [.idempotencyKey: "k"])
        await self.clock.expire(.milliseconds(125))
        #expect(try await value == 1)
        #expect(transport.calls.dropFirst().map { $0.request.headerFields[.idempotencyKey] } == ["k", "k"])
    }

    @Test("Cancelling in the wait ends it at once")
    func cancelling() async throws {
        let transport = ScriptedHTTPTransport { _, _ throws(FreshetError) in .status(.serviceUnavailable) }
        let api = self.api(transport)
        let task = Task { () -> FreshetError? in await Self.failure { _ = try await api.get("x", as: Int.self) } }
        await self.clock.sleepers()
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        #expect(transport.calls.count == 1)
        #expect(self.clock.sleeperCount == 0)
    }

    @Test("A body that breaks off is asked for again, where the whole of it is waited for")
    func brokenBody() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            guard number == 1 else { return try .json(1) }
            let pieces = AsyncThrowingStream<Bytes, any Error> { continuation in
                continuation.yield(Bytes(copying: Array("4".utf8)))
                continuation.finish(throwing: FreshetError(.interrupted, "cut"))
            }
            return HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(pieces))
        }
        async let value = self.api(transport).get("x", as: Int.self)
        await self.clock.expire(.milliseconds(125))
        #expect(try await value == 1)
    }

    @Test("All attempts of a call have one request ID, each call another, and a caller's own is left alone")
    func requestID() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            number == 1 ? .status(.serviceUnavailable) : try .json(1)
        }
        let retries = RetryMiddleware(RetryPolicy(), time: TimeSource(self.clock, jitter: { 0.5 }))
        let api = HTTPClient(
            baseURL: "http://api.test",
            middlewares: [RequestIDMiddleware(), retries],
            transport: transport
        )
        async let value = api.get("x", as: Int.self)
        await self.clock.expire(.milliseconds(125))
        _ = try await value
        _ = try await api.get("x", as: Int.self)
        _ = try await api.get("x", headers: [.requestID: "mine"], as: Int.self)
        let ids = transport.calls.map { $0.request.headerFields[.requestID] ?? "" }
        #expect(ids[0] == ids[1] && ids[1] != ids[2] && ids[3] == "mine")
        #expect(ids[0].count == 36)
    }
}
