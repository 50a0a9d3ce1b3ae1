// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StatusTests {
    private static func error(
        _ status: Int,
        _ headers: HTTPFields = [:],
        body: String = "",
        url: String = "http://api.test"
    ) async throws -> FreshetError {
        let transport = ScriptedHTTPTransport { _, _ throws(FreshetError) in
            HTTPReply(
                HTTPResponse(status: .init(code: status), headerFields: headers),
                body: HTTPBody(Array(body.utf8))
            )
        }
        let api = HTTPClient(baseURL: url, middlewares: [], transport: transport)
        return try #require(
            await #expect(throws: FreshetError.self) { _ = try await api.get("items/1", as: Int.self) }
        )
    }

    @Test(
        "What each status means",
        arguments: [
            (304, .rejected(status: 304)), (400, .rejected(status: 400)), (401, .unauthorized), (403, .forbidden),
            (404, .notFound), (405, .rejected(status: 405)), (407, .proxyRefused(status: 407)),
            (408, .rejected(status: 408)), (409, .conflict(version: nil)), (410, .notFound),
            (412, .conflict(version: nil)), (413, .rejected(status: 413)), (418, .rejected(status: 418)),
            (422, .rejected(status: 422)), (429, .rateLimited(retryAfter: nil)), (499, .rejected(status: 499)),
            (500, .server(status: 500)), (503, .server(status: 503)), (599, .server(status: 599)),
            (600, .server(status: 600)), (999, .server(status: 999)),
        ] as [(Int, FreshetError.Kind)]
    )
    func kinds(_ status: Int, _ kind: FreshetError.Kind) async throws {
        let error = try await Self.error(status)
        #expect(error.kind == kind)
        #expect(error.message == "GET api.test/items/1 was answered with HTTP \(status)")
        #expect(error.refusal?.status == status)
    }

    @Test("What else the answer says goes along: the entity tag, Retry-After, WWW-Authenticate, the fields")
    func more() async throws {
        #expect(try await Self.error(412, [.eTag: "\"7\""]).kind == .conflict(version: "\"7\""))
        let limited = try await Self.error(429, [.retryAfter: "30"])
        #expect(limited.kind == .rateLimited(retryAfter: .seconds(30)))
        #expect(try await Self.error(503, [.retryAfter: "nonsense"]).refusal?.retryAfter == nil)
        #expect(try await Self.error(401, [.wwwAuthenticate: "Bearer"]).refusal?.authenticate == "Bearer")
        let invalid = try await Self.error(422, body: #"{"errors": {"title": ["is bad"]}}"#)
        #expect(invalid.kind == .validation([FieldError(path: ["title"], message: "is bad")]))
        // Fields of other statuses are not what the caller sent.
        #expect(try await Self.error(500, body: #"{"errors": {"title": ["is bad"]}}"#).kind == .server(status: 500))
    }

    @Test(
        "The server's words are quoted in one line, cut short, or not at all",
        arguments: [
            (#"{"title": "Bad", "detail": "really"}"#, ": Bad: really"),
            (#"{"error": "invalid_grant"}"#, ": invalid_grant"),
            (#"{"detail": "two\nlines\u0007"}"#, ": twolines"), ("<html>", ""), ("", ""), ("{", ""), ("[[[[", ""),
            (#"{"detail": ""}"#, ""), (#"{"detail": 5}"#, ""), ("\u{FF}\u{FE}", ""),
        ]
    )
    func words(_ body: String, _ expected: String) async throws {
        let error = try await Self.error(500, body: body)
        #expect(error.message == "GET api.test/items/1 was answered with HTTP 500\(expected)")
    }

    @Test("A body without an end is read as far as it is looked at")
    func endless() async throws {
        let transport = ScriptedHTTPTransport { _, _ throws(FreshetError) in
            let pieces = AsyncStream<Bytes> { Bytes(copying: [UInt8](repeating: 0x78, count: 1000)) }
            return HTTPReply(HTTPResponse(status: .badGateway), body: HTTPBody(pieces))
        }
        let api = HTTPClient(baseURL: "http://api.test", middlewares: [], transport: transport)
        let error = await #expect(throws: FreshetError.self) { _ = try await api.stream(.get, "x") }
        #expect(error?.kind == .server(status: 502))
        #expect(error?.refusal?.body.count == 64 << 10)
        let long = try await Self.error(500, body: #"{"detail": "\#(String(repeating: "x", count: 1000))"}"#)
        #expect(long.message.count < 300)
    }

    @Test("A server that wants a certificate, and says so in HTTP as nginx does")
    func certificate() async throws {
        let page = "<html><center>No required SSL certificate was sent</center></html>"
        let error = try await Self.error(400, body: page, url: "https://api.test")
        #expect(error.kind == .tls(.clientCertificateRequired))
        #expect(try await Self.error(400, body: page).kind == .rejected(status: 400))
    }
}
