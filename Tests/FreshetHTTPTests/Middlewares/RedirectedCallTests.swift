// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

/// Calls that were executed and then redirected to a GET: whatever comes of that, they are not sent again.
@Suite(.timeLimit(.minutes(1)))
struct RedirectedCallTests {
    /// A server that answers each call with a redirect, but for a GET.
    private static func server(
        _ status: Int = 303,
        get: @escaping @Sendable (_ number: Int) throws(FreshetError) -> HTTPReply
    ) -> ScriptedHTTPTransport {
        ScriptedHTTPTransport { call, number throws(FreshetError) in
            guard call.request.method == .get else {
                return .status(.init(code: status), headers: [.location: "/orders/7"])
            }
            return try get(number)
        }
    }

    /// Retries without waiting.
    private static func api(
        _ transport: ScriptedHTTPTransport,
        _ middlewares: [any HTTPMiddleware] = []
    ) -> HTTPClient {
        let retries: any HTTPMiddleware = RetryMiddleware(
            RetryPolicy(),
            time: TimeSource(ManualClock(), jitter: { 0 })
        )
        return HTTPClient(baseURL: "https://api.test", middlewares: [retries] + middlewares, transport: transport)
    }

    private static func signedIn() async throws -> (SessionHarness, AuthenticationMiddleware<TestAuthenticator>) {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        return (harness, try AuthenticationMiddleware(harness.session, origins: ["https://api.test"]))
    }

    @Test(
        "A POST is not sent again when the GET fails, and does not look as if it had not been executed",
        arguments: [301, 302, 303],
        [
            FreshetError.Kind.interrupted, .unreachable, .timeout(.connect), .tls(.other), .proxyRefused(status: 403),
        ]
    )
    func failures(_ status: Int, _ kind: FreshetError.Kind) async throws {
        let transport = Self.server(status) { _ throws(FreshetError) in throw FreshetError(kind, "no luck") }
        let error = await #expect(throws: FreshetError.self) {
            _ = try await Self.api(transport).post("orders", json: 1, as: Int.self)
        }
        #expect(error?.kind == .outcomeUnknown)
        #expect(error?.message.hasPrefix("no luck; ") == true)
        #expect(error?.message.contains("POST") == true)
        #expect(transport.calls.map(\.request.method) == [.post, .get])
    }

    @Test("A POST is not sent again for what the GET is answered with", arguments: [401, 408, 425, 429, 503])
    func statuses(_ status: Int) async throws {
        let transport = Self.server { _ throws(FreshetError) in .status(.init(code: status)) }
        let api = Self.api(transport)
        let reply = try await api.send(api.call(.post, "orders", body: HTTPBody(Array("x".utf8))))
        #expect(reply.response.status.code == status)
        #expect(transport.calls.map(\.request.method) == [.post, .get])
    }

    @Test("A further redirect that is refused does not look as if the POST had been")
    func refusedRedirect() async throws {
        let transport = Self.server { _ throws(FreshetError) in
            .status(.found, headers: [.location: "http://api.test/orders/7"])
        }
        let error = await #expect(throws: FreshetError.self) {
            _ = try await Self.api(transport).post("orders", json: 1, as: Int.self)
        }
        #expect(error?.kind == .outcomeUnknown)
        #expect(error?.message.contains("no TLS") == true)
        #expect(transport.calls.map(\.request.method) == [.post, .get])
    }

    @Test("What may be executed twice begins anew when the GET fails")
    func idempotent() async throws {
        let transport = Self.server { number throws(FreshetError) in
            guard number > 2 else { throw FreshetError(.interrupted, "no luck") }
            return try .json(7)
        }
        let value: Int = try await Self.api(transport).put("orders/7", json: 1)
        #expect(value == 7)
        #expect(transport.calls.map(\.request.method) == [.put, .get, .put, .get])
    }

    @Test("A 401 to the GET renews the credential for the next call, and the POST is not sent again")
    func refused() async throws {
        let (harness, authentication) = try await Self.signedIn()
        let transport = Self.server { _ throws(FreshetError) in .status(.unauthorized) }
        let api = Self.api(transport, [authentication])
        let reply = try await api.send(api.call(.post, "orders", body: HTTPBody(Array("x".utf8))))
        #expect(reply.response.status == .unauthorized)
        #expect(transport.calls.map(\.request.method) == [.post, .get])
        #expect(try await harness.token() == "token-2")
    }

    @Test("A 401 of another origin is no refusal of a credential that did not go there, nor is one on the way home")
    func elsewhere() async throws {
        for way in [["https://other.test/"], ["https://other.test/", "https://api.test/home"]] {
            let (harness, authentication) = try await Self.signedIn()
            let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
                number <= way.count
                    ? .status(.found, headers: [.location: way[number - 1]]) : .status(.unauthorized)
            }
            let api = Self.api(transport, [authentication])
            let reply = try await api.send(api.call(.get, "x"))
            #expect(reply.response.status == .unauthorized)
            let areSigned = transport.calls.map { $0.request.headerFields.contains(.authorization) }
            #expect(areSigned == [true] + way.map { _ in false })
            #expect(harness.authenticator.refreshes == 0)
            #expect(try await harness.token() == "token-1")
        }
    }
}
