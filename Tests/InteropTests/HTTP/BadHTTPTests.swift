// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import Testing

/// Every way of `Servers/bad_http.py` to misbehave comes to one kind of error, or to nothing where HTTP allows it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BadHTTPTests {
    struct Body: Decodable, Sendable {
        var ok: Bool?
        var title: String?
    }

    /// A behaviour, and the kinds of error that a GET of it may come to; none: the answer is whole.
    struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let kinds: [FreshetError.Kind]
        let words: String

        init(_ path: String, _ kinds: FreshetError.Kind..., words: String = "") {
            self.path = path
            self.kinds = kinds
            self.words = words
        }

        var testDescription: String { self.path }
    }

    static let cases = [
        Case("/no-content"), Case("/204-with-length"), Case("/trailers"), Case("/same-lengths"), Case("/folded-header"),
        Case("/http10"), Case("/close-after"), Case("/informational?count=5"), Case("/ok"),
        Case("/drip?count=20&every=1", .decoding),
        Case("/304", .rejected(status: 304), words: "HTTP 304"),
        Case("/two-lengths", .protocolViolation, words: "several lengths"),
        Case("/short-length", .decoding),
        Case("/truncated-gzip", .interrupted, words: "too early"),
        Case("/bad-gzip", .protocolViolation, words: "decompressed"),
        Case("/bad-utf8", .decoding), Case("/bad-json", .decoding),
        Case("/html", .decoding, words: "cannot be decoded"),
        Case("/redirect-without-location", .rejected(status: 302)),
        Case("/drop", .interrupted, words: "before it answered"), Case("/reset", .interrupted),
        Case("/unread", .interrupted),
        Case("/truncated", .interrupted, words: "before its announced end"),
        Case("/truncated-head", .interrupted, words: "head"),
        Case("/truncated-chunked", .interrupted), Case("/truncated-chunk", .interrupted),
        Case("/negative-length", .protocolViolation), Case("/overflowing-length", .protocolViolation),
        Case("/length-and-chunked"), Case("/bad-chunk-size", .interrupted, .protocolViolation),
        Case("/overflowing-chunk-size", .interrupted, .protocolViolation),
        Case("/garbage", .protocolViolation, words: "did not answer with HTTP"),
        Case("/bad-status", .protocolViolation), Case("/bad-header", .protocolViolation),
        Case("/nul-in-header", .protocolViolation), Case("/101", .protocolViolation, words: "another protocol"),
        Case("/hang", .timeout(.response)), Case("/deaf", .timeout(.response)),
        Case("/stall-in-head", .timeout(.response)),
        Case("/stall", .timeout(.body), words: "more of the answer"),
        Case("/early-answer", .rejected(status: 413)),
        Case("/header-flood", .messageTooLarge, words: "header fields"),
        Case("/long-header?bytes=70000", .messageTooLarge, words: "header fields"),
        Case("/long-header", .messageTooLarge), Case("/endless-headers", .messageTooLarge, words: "header fields"),
        Case("/informational?count=0", .messageTooLarge, words: "header fields"),
        Case("/huge", .messageTooLarge, words: "1048576 bytes"),
        Case("/huge?length=1", .messageTooLarge, words: "1048576 bytes"),
        Case("/gzip-bomb", .messageTooLarge), Case("/deep-json", .decoding),
        Case("/circle", .rejected(status: 302), words: "more than 5 redirects"),
        Case("/redirect?to=/redirect%3Fto%3Dx", .rejected(status: 404), .notFound),
        Case("/redirect?to=ftp://x/", .protocolViolation),
        Case("/redirect?to=http://user:pw@127.0.0.1/", .protocolViolation),
        Case("/redirect?to=http://%5B", .protocolViolation), Case("/redirect?port=1", .unreachable),
        Case("/redirect?to=file:///etc/passwd", .protocolViolation),
        Case("/empty", .decoding, words: "without a body"),
        Case("/what-is-not-there", .notFound),
    ]

    @Test("Each behaviour has its kind of error, its words, and the next request is answered")
    func each() async throws {
        let (server, url) = try await Program.badHTTP()
        defer { server.stop() }
        let api = HTTPClient.fresh(url) { configuration in
            configuration.limits.body = 1 << 20
            configuration.timeouts.receive = .seconds(1)
        }
        for one in Self.cases {
            var kind: FreshetError.Kind?
            var words = ""
            do throws(FreshetError) {
                if ["/no-content", "/204-with-length"].contains(one.path) {
                    try await api.delete(one.path)
                } else {
                    _ = try await api.get(one.path, as: Body.self)
                }
            } catch {
                (kind, words) = (error.kind, error.description)
                #expect(!error.message.isEmpty && error.message.count < 400)
            }
            #expect(one.kinds.isEmpty ? kind == nil : kind.map(one.kinds.contains) == true, "\(one.path): \(words)")
            #expect(words.contains(one.words), "\(one.path): \(words)")
            // Nothing of it is left in the way of the next one.
            let next = try await api.get("/ok", as: [String: Int].self)
            #expect(next["body"] == 0, "\(one.path)")
        }
    }

    @Test("None of them is forgotten here")
    func all() async throws {
        let (server, url) = try await Program.badHTTP()
        defer { server.stop() }
        let error = await failure { _ = try await HTTPClient.fresh(url).get("/", as: Int.self) }
        let text = String(decoding: error?.refusal?.body ?? [], as: UTF8.self)
        let listed = text.split { !"/-abcdefghijklmnopqrstuvwxyz0123456789".contains($0) }.map { String($0) }
        #expect(listed.count > 40)
        let known = Set(Self.cases.map { String($0.path.prefix { $0 != "?" }) } + ["/count", "/drop-next"])
        #expect(Set(listed).subtracting(known).isEmpty)
    }

    @Test(
        "A POST to any of them reaches the server once, also with retries",
        arguments: [
            "/drop", "/reset", "/truncated", "/truncated-head", "/truncated-chunked", "/garbage", "/hang", "/stall",
            "/stall-in-head", "/bad-gzip",
        ]
    )
    func once(_ path: String) async throws {
        let (server, url) = try await Program.badHTTP()
        defer { server.stop() }
        let api = HTTPClient.fresh(url, middlewares: [RetryMiddleware()]) { $0.timeouts.receive = .milliseconds(500) }
        let error = await failure { _ = try await api.post(path, json: 1, query: ["id": "one"], as: Body.self) }
        #expect(error?.kind == .outcomeUnknown, "\(String(describing: error))")
        #expect(try await api.get("count", query: ["id": "one"], as: [String: Int].self)["requests"] == 1)
    }

    @Test(
        "A kept connection that is dropped after the next request: what is not idempotent is read once",
        arguments: [HTTPRequest.Method.post, .patch, .put, .delete, .get],
        [-1, 0, 10, 4 << 20]
    )
    func dropNext(_ method: HTTPRequest.Method, _ size: Int) async throws {
        let (server, url) = try await Program.badHTTP()
        defer { server.stop() }
        let api = HTTPClient.fresh(url, middlewares: [RetryMiddleware()])
        let body = size < 0 ? nil : HTTPBody([UInt8](repeating: 0x78, count: size))
        _ = try await api.get("drop-next", as: [String: Int].self)
        let isIdempotent = ![.post, .patch].contains(method)
        do throws(FreshetError) {
            let reply = try await api.reply(to: method, "ok", query: ["id": "it"], body: body)
            #expect(isIdempotent && reply.body.bytes?.text.contains("\"body\": \(max(size, 0))") == true)
        } catch {
            #expect(!isIdempotent && error.kind == .outcomeUnknown, "\(error)")
        }
        let counted = try await api.get("count", query: ["id": "it"], as: [String: Int].self)
        #expect(counted["requests"] == (isIdempotent ? 2 : 1))
    }

    @Test("What may not go to another origin does not; what may arrives")
    func otherOrigin() async throws {
        let (server, url) = try await Program.badHTTP()
        let (backend, other) = try await Program.backend()
        defer {
            server.stop()
            backend.stop()
        }
        struct Echo: Decodable, Sendable { var headers: [[String]] }
        let api = HTTPClient.fresh(url)
        let echo = try await api.get(
            "redirect",
            query: ["to": "\(other)/echo"],
            headers: [.authorization: "Bearer secret", .cookie: "secret", .acceptLanguage: "de"],
            as: Echo.self
        )
        let names = Set(echo.headers.compactMap(\.first))
        #expect(names.isDisjoint(with: ["authorization", "cookie"]))
        #expect(names.isSuperset(of: ["accept-language", "accept", "user-agent"]))
    }

    @Test("A large body is read as it comes, in memory that does not grow, and dropping it ends it")
    func huge() async throws {
        let (server, url) = try await Program.badHTTP()
        defer { server.stop() }
        let api = HTTPClient.fresh(url)
        var size = 0
        for try await piece in try await api.stream(.get, "huge").body { size += piece.count }
        #expect(size == 100 << 20)
        var inflated = 0
        for try await piece in try await api.stream(.get, "gzip-bomb", query: ["bytes": 200 << 20]).body {
            inflated += piece.count
        }
        #expect(inflated == 200 << 20)
    }
}
