// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import FreshetTestSupport
import Testing

/// The client as an app uses it, against FastAPI.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BackendTests {
    struct Item: Codable, Sendable, Equatable {
        var id: String
        var title: String
        var done: Bool?
        var price: Double?
        var version: Int
    }

    struct Page: Decodable, Sendable {
        var items: [Item]
        var next: String?
    }

    struct Draft: Codable, Sendable { var title: String?, price: Double? }

    /// A client that is logged in, and the server it belongs to.
    private static func login(_ url: String, middlewares: [any HTTPMiddleware] = []) async throws -> HTTPClient {
        struct Tokens: Decodable, Sendable { var access_token: String }
        let tokens: Tokens = try await HTTPClient.fresh(url).post(
            "auth/login",
            json: ["username": "ada", "password": "lovelace"]
        )
        return .fresh(url, middlewares: middlewares) { $0.headers[.authorization] = "Bearer \(tokens.access_token)" }
    }

    @Test("Items are made, read in pages, changed if nobody else has changed them, and deleted")
    func items() async throws {
        let (server, url) = try await Program.backend("--items", "5")
        defer { server.stop() }
        let anonymous = await failure { _ = try await HTTPClient.fresh(url).get("items", as: Page.self) }
        #expect(anonymous?.kind == .unauthorized)
        #expect(anonymous?.refusal?.authenticate?.hasPrefix("Bearer") == true)
        let api = try await Self.login(url)

        var ids: [String] = []
        var cursor: String?
        repeat {
            let page = try await api.get("items", query: ["limit": 2, "cursor": cursor], as: Page.self)
            ids += page.items.map(\.id)
            cursor = page.next
        } while cursor != nil
        #expect(ids == (1...5).map { "item-\($0)" })

        let made: Item = try await api.post("items", json: Draft(title: "Käse & Brot", price: 2.5))
        #expect(made.title == "Käse & Brot" && made.price == 2.5)
        let reply = try await api.reply(to: .get, "items/\(made.id)")
        let tag = try #require(reply.response.headerFields[.eTag])
        let changed: Item = try await api.patch("items/\(made.id)", json: ["title": "Brot"], headers: [.ifMatch: tag])
        #expect(changed.title == "Brot" && changed.version == made.version + 1)
        let conflict = await failure {
            _ = try await api.patch("items/\(made.id)", json: ["title": "x"], headers: [.ifMatch: tag], as: Item.self)
        }
        #expect(conflict?.kind == .conflict(version: "\"\(changed.version)\""))
        try await api.delete("items/\(made.id)")
        let gone = await failure { _ = try await api.get("items/\(made.id)", as: Item.self) }
        #expect(gone?.kind == .notFound)

        let invalid = await failure {
            _ = try await api.post("items", json: Draft(title: "", price: -1), as: Item.self)
        }
        guard case .validation(let errors)? = invalid?.kind else {
            Issue.record("\(String(describing: invalid))")
            return
        }
        #expect(Set(errors.map(\.path)) == [["title"], ["price"]])
        #expect(errors.allSatisfy { $0.code != nil && !$0.message.isEmpty })
        let query = await failure { _ = try await api.get("items", query: ["limit": 1000], as: Page.self) }
        guard case .validation(let parameters)? = query?.kind else {
            Issue.record("\(String(describing: query))")
            return
        }
        #expect(parameters.map(\.path) == [["limit"]])
    }

    @Test("What has not changed is not sent again")
    func conditional() async throws {
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let api = try await Self.login(url, middlewares: [ConditionalCacheMiddleware()])
        let first = try await api.get("items/item-1", as: Item.self)
        #expect(try await api.get("items/item-1", as: Item.self) == first)
        let _: Item = try await api.patch("items/item-1", json: ["title": "new"])
        #expect(try await api.get("items/item-1", as: Item.self).title == "new")
    }

    @Test(
        "What frameworks say of single fields is understood",
        arguments: ["laravel", "rails", "rails-bare", "nestjs", "fastapi", "spring", "jsonapi"]
    )
    func shapes(_ shape: String) async throws {
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let error = await failure { _ = try await HTTPClient.fresh(url).get("errors/\(shape)", as: Item.self) }
        guard case .validation(let errors)? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(errors.contains { $0.path == ["title"] } && errors.contains { $0.path.last == "price" }, "\(errors)")
    }

    @Test("A server that fails for a moment is asked again, as it says; one that wants rest is told of")
    func troubles() async throws {
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let retries = RetryMiddleware()
        let api = HTTPClient.fresh(url, middlewares: [retries])
        #expect(try await api.get("flaky?fail=2&key=a", as: [String: Int].self) == ["failed": 2])
        let error = await failure { _ = try await api.get("flaky?fail=9&key=b", as: [String: Int].self) }
        #expect(error?.kind == .server(status: 503))
        #expect(error?.problem?.detail == "try again")
        let limited = await failure { _ = try await HTTPClient.fresh(url).get("limited?seconds=120", as: Int.self) }
        #expect(limited?.kind == .rateLimited(retryAfter: .seconds(120)))
    }

    @Test("Lines come one by one, and breaking off ends the request on the server")
    func lines() async throws {
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let api = HTTPClient.fresh(url)
        var numbers: [String] = []
        for try await line in try await api.stream(.get, "lines?count=3").body.lines() { numbers.append(line.text) }
        #expect(numbers == [#"{"n": 1}"#, #"{"n": 2}"#, #"{"n": 3}"#])
        var count = 0
        for try await _ in try await api.stream(.get, "lines?count=0&every=1").body.lines() {
            count += 1
            if count == 50 { break }
        }
        try await Self.open(api, none: "GET /lines")
    }

    /// Returns when the server has no request to `route` open any more.
    private static func open(_ api: HTTPClient, none route: String) async throws {
        struct Control: Decodable, Sendable { var open: [String: Int] }
        while try await api.get("control", as: Control.self).open[route] != nil { try Task.checkCancellation() }
    }

    @Test("Events are followed, and go on behind the last one after a break")
    func events() async throws {
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let api = try await Self.login(url)
        func item(_ event: ServerSentEvent) throws -> String {
            try JSONDecoder().decode([String: JSONValue].self, from: Data(event.data.utf8))["id"].map { "\($0)" }
                ?? event.data
        }
        let reply = try await api.stream(.get, "events", headers: [.accept: "text/event-stream"])
        var events = try reply.serverSentEvents().makeAsyncIterator()
        let made: Item = try await api.post("items", json: Draft(title: "one"))
        let first = try #require(try await events.next())
        #expect(first.event == "created" && first.data.contains(made.id) && !first.id.isEmpty)
        let _: Item = try await api.patch("items/\(made.id)", json: ["title": "two"])
        try await api.delete("items/\(made.id)")
        // As if the connection had broken after the first one.
        let again = try await api.stream(
            .get,
            "events",
            headers: [.accept: "text/event-stream", HTTPField.Name("Last-Event-ID")!: first.id]
        )
        var resumed = try again.serverSentEvents().makeAsyncIterator()
        #expect(try await resumed.next()?.event == "updated")
        #expect(try await resumed.next()?.event == "deleted")
        let wrong = try await api.stream(.get, "items")
        #expect(throws: FreshetError.self) { _ = try wrong.serverSentEvents() }
    }

    @Test("Redirects, echoes, header fields and bodies arrive as they were sent")
    func echoes() async throws {
        struct Echo: Decodable, Sendable {
            var method: String
            var query: String
            var headers: [[String]]
            var body: String
        }
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let api = HTTPClient.fresh(url)
        let echo: Echo = try await api.put(
            "echo",
            json: "ä\u{1F30A}",
            query: ["q": "a b&c", "ü": "1"],
            headers: [HTTPField.Name("X-Empty")!: "", .cookie: "a=b; c=d"]
        )
        #expect(echo.method == "PUT" && echo.body == "\"ä\u{1F30A}\"")
        #expect(echo.query == "q=a%20b%26c&%C3%BC=1")
        #expect(echo.headers.contains(["x-empty", ""]) && echo.headers.contains(["cookie", "a=b; c=d"]))
        for (status, method, body) in [(302, "GET", ""), (307, "POST", "\"x\""), (308, "POST", "\"x\"")] {
            let answer: Echo = try await api.post("redirect", json: "x", query: ["to": "/echo?a=1", "status": status])
            #expect(answer.method == method && answer.body == body && answer.query == "a=1")
        }
    }

    @Test("Cancelling a call ends it here and on the server")
    func cancelling() async throws {
        let (server, url) = try await Program.backend()
        defer { server.stop() }
        let api = HTTPClient.fresh(url)
        struct Control: Decodable, Sendable { var open: [String: Int] }
        let task = Task { await failure { _ = try await api.get("slow?ms=60000", as: Int.self) } }
        while try await api.get("control", as: Control.self).open["GET /slow"] == nil { try Task.checkCancellation() }
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
    }

    @Test("The same over a Unix domain socket")
    func unixSocket() async throws {
        let python = try #require(ProcessInfo.processInfo.environment["FRESHET_PYTHON"], "run `make test`")
        let certificates = try Certificates()
        let path = certificates.folder.appending(path: "s").path
        let script = """
            import http.server, socketserver, os, sys
            class H(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def address_string(self): return "unix"
                def log_message(self, *a): pass
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["content-length"]))
                    host = self.headers["host"].encode()
                    out = b'["' + self.path.encode() + b'", "' + host + b'", ' + body + b']'
                    self.send_response(200); self.send_header("Content-Length", str(len(out))); self.end_headers()
                    self.wfile.write(out)
            with socketserver.ThreadingUnixStreamServer(sys.argv[1], H) as s:
                print("listening", flush=True); s.serve_forever()
            """
        let server = try Program("/usr/bin/env", [python, "-c", script, path])
        defer { server.stop() }
        _ = try #require(await server.line { $0 == "listening" })
        let api = HTTPClient.fresh("http+unix:\(path):/v1")
        for _ in 1...2 {
            #expect(try await api.post("a b", json: "x", query: ["q": 1]) == ["/v1/a%20b?q=1", "localhost", "x"])
        }
        let nobody = HTTPClient.fresh("http+unix:\(path)-not-there")
        let error = await failure { _ = try await nobody.post("x", json: 1, as: Int.self) }
        #expect(error?.kind == .unreachable)
        #expect(error?.message.contains("the Unix socket \(path)-not-there") == true, "\(String(describing: error))")
    }
}
