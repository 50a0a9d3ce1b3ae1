// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetTransport

/// Which way a connection takes.
struct ConnectingTests {
    // MARK: - The race

    @Test("The families take turns, beginning with the system's favourite")
    func interleaving() {
        #expect(AddressRace(["::1", "::2", "::3", "1.1.1.1"]).addresses == ["::1", "1.1.1.1", "::2", "::3"])
        #expect(AddressRace(["1.1.1.1", "::1", "2.2.2.2"]).addresses == ["1.1.1.1", "::1", "2.2.2.2"])
    }

    @Test("Each address has a head start; the first that connects wins, the others are abandoned")
    func race() {
        var race = AddressRace(["::1", "1.1.1.1", "::2"])
        #expect(race.on(.start) == [.startTimer(AddressRace.headStart), .attempt(0, address: "::1")])
        #expect(race.on(.timer) == [.startTimer(AddressRace.headStart), .attempt(1, address: "1.1.1.1")])
        #expect(race.on(.failed(0)) == [.stopTimer, .attempt(2, address: "::2")])
        #expect(race.on(.connected(1)) == [.stopTimer, .abandon(2), .won(1)])
        #expect(race.on(.connected(2)) == [])
        #expect(race.on(.failed(2)) == [])
    }

    @Test("It is lost when all have failed")
    func lost() {
        var race = AddressRace(["1.1.1.1", "2.2.2.2"])
        _ = race.on(.start)
        #expect(race.on(.failed(0)) == [.stopTimer, .attempt(1, address: "2.2.2.2")])
        #expect(race.on(.failed(1)) == [.stopTimer, .lost])
    }

    // MARK: - Proxies

    private func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        try ProxyPolicy.environment.proxy(for: Endpoint(url)) { environment[$0] }.map { "\($0)" }
    }

    @Test("The environment's variables, as curl reads them")
    func environment() throws {
        let all = ["http_proxy": "http://plain:1", "https_proxy": "secure:2", "all_proxy": "http://all:3"]
        #expect(try proxy("ws://example.com/", all) == "plain:1")
        #expect(try proxy("wss://example.com/", all) == "secure:2")
        #expect(try proxy("wss://example.com/", ["ALL_PROXY": "http://all:3"]) == "all:3")
        #expect(try proxy("ws://example.com/", ["HTTP_PROXY": "http://cgi:1"]) == nil)
        #expect(try proxy("wss://example.com/", ["https_proxy": ""]) == nil)
        #expect(try proxy("ws://localhost/", all) == nil)
        #expect(try proxy("wss://127.0.0.1/", all) == nil)
        #expect(try proxy("wss://[::1]/", all) == nil)
        #expect(throws: FreshetError.self) { try proxy("wss://example.com/", ["all_proxy": "socks5://x:1080"]) }
    }

    @Test(
        "no_proxy: names, domains, addresses, networks, ports",
        arguments: [
            ("example.com", "example.com", true), ("example.com", "api.example.com", true),
            (".example.com", "api.example.com", true), ("example.com", "badexample.com", false),
            ("*", "anything", true), ("a, b example.com", "example.com", true), ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false), ("10.1.2.3", "10.1.2.3", true), ("example.com:443", "example.com", true),
            ("example.com:8443", "example.com", false), ("fe80::/10", "fe80::1", true), ("[::2]:443", "::2", true),
            ("", "example.com", false), ("10.0.0.0/99", "10.1.2.3", false),
        ]
    )
    func exceptions(_ list: String, _ host: String, _ covered: Bool) {
        #expect(NoProxyList(list).covers(host: host, port: 443) == covered)
    }

    @Test("A proxy's URL, and no description with its password")
    func proxyURL() throws {
        let proxy = try Proxy("http://user:p%40ss@proxy.example.com:3128")
        #expect(proxy == Proxy(host: "proxy.example.com", port: 3128, user: "user", password: "p@ss"))
        #expect(!"\(proxy)".contains("p@ss"))
        #expect(try Proxy("[::1]:8080") == Proxy(host: "::1", port: 8080))
        for bad in [
            "socks5://x:1", "http://", "http://x:99999", "http://a%0Ab:1", "http://a%00.b:1", "http://[:/", "http://[]",
        ] {
            #expect(throws: FreshetError.self) { try Proxy(bad) }
        }
    }

    // MARK: - URLs

    @Test("A Unix domain socket, and the path after it")
    func unixSocket() throws {
        let endpoint = try Endpoint("ws+unix:/run/app.sock:/feed?x=1")
        #expect(endpoint.socketPath == "/run/app.sock")
        #expect(endpoint.target == "/feed?x=1")
        #expect(endpoint.authority == "localhost")
        #expect(try Endpoint("ws+unix:///run/app.sock").socketPath == "/run/app.sock")
        for bad in [
            "ws+unix:", "ws+unix:relative", "ws+unix:/a:nopath", "ws+unix:/" + String(repeating: "x", count: 101),
        ] {
            #expect(throws: FreshetError.self) { try Endpoint(bad) }
        }
    }

    @Test(
        "Where a redirect leads",
        arguments: [
            ("/b?x=1", "wss://a.example/b?x=1"), ("c", "wss://a.example/one/c"),
            ("//b.example/x", "wss://b.example/x"), ("ws://a.example/", "ws://a.example/"),
            ("https://a.example:444/y", "wss://a.example:444/y"),
        ]
    )
    func redirects(_ location: String, _ expected: String) throws {
        let from = try Endpoint("wss://a.example/one/two")
        #expect(try from.redirected(to: location) == Endpoint(expected))
    }

    @Test("A redirect does not lead to a Unix socket", arguments: ["ws+unix:/run/x.sock:/", "WS+UNIX:///run/x.sock"])
    func redirectToSocket(_ location: String) throws {
        let from = try Endpoint("ws://a.example/")
        let error = #expect(throws: FreshetError.self) { try from.redirected(to: location) }
        #expect(error?.kind == .protocolViolation)
    }

    @Test("Same origin: scheme, host and port")
    func origin() throws {
        let here = try Endpoint("wss://a.example/one")
        #expect(here.hasSameOrigin(as: try Endpoint("wss://A.example:443/two")))
        for other in ["ws://a.example/one", "wss://b.example/one", "wss://a.example:444/one"] {
            #expect(!here.hasSameOrigin(as: try Endpoint(other)))
        }
    }

    // MARK: - Refusals

    @Test(
        "Retry-After in seconds and as a date",
        arguments: [
            ("0", 0), ("120", 120), ("99999999999999999999", 86_400), ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
            ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Mon, 07 Nov 1994 07:49:00 GMT", 82_800), ("soon", nil), ("-1", nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("", nil), ("1.5", nil),
        ] as [(String, Int?)]
    )
    func retryAfter(_ text: String, _ seconds: Int?) {
        let now: Int64 = 784_111_740  // Sun, 06 Nov 1994 08:49:00 GMT
        #expect(RetryAfter.parse(text, now: now) == seconds.map { .seconds($0) })
    }

    @Test("A refusal quotes what the server wrote, but no page and none of our secrets")
    func quotes() throws {
        let endpoint = try Endpoint("wss://a.example/feed")
        func message(_ body: String) -> String {
            HTTPRefusal(status: 503, retryAfter: nil, authenticate: nil, body: Array(body.utf8))
                .error(from: endpoint, sent: [HTTPHeader("Authorization", "Bearer hunter2hunter2")]).message
        }
        #expect(message("upstream is down\nmore").contains("HTTP 503: upstream is down)"))
        #expect(!message("<html>no</html>").contains("html"))
        for echo in ["hunter2hunter2", "hunter2hunter2\u{301}", "hunter2\u{1}hunter2", "hunter2\u{85}hunter2hunter2"] {
            #expect(!message("bad token \(echo)").contains("hunter2"))
        }
        #expect(message("a\u{1B}[31m\u{9B}1mb").contains("HTTP 503: a[31m1mb)"))
    }
}
