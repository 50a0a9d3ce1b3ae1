// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ProxyRequestTests {
    private static func client(_ base: String, through port: Int, password: String) -> HTTPClient {
        var configuration = HTTPConfiguration()
        configuration.proxy = .proxy(Proxy(host: "127.0.0.1", port: port, user: "a b", password: password))
        configuration.timeouts.connect = .milliseconds(500)
        return HTTPClient(baseURL: base, configuration: configuration, middlewares: [])
    }

    @Test("Plain HTTP goes in the absolute form, with the proxy's credentials", arguments: ["p%41:ß @", ""])
    func absoluteForm(_ password: String) async throws {
        let server = try RawHTTPServer { _, _ in RawHTTPServer.answer(body: "1") }
        defer { server.stop() }
        let api = Self.client("http://api.test/v1", through: server.port, password: password)
        _ = try await api.get("x", headers: [.authorization: "Bearer t"], as: Int.self)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("GET http://api.test/v1/x HTTP/1.1\r\n"))
        #expect(request.header("host") == "api.test")
        #expect(request.header("authorization") == "Bearer t")
        let credentials = Data("a b:\(password)".utf8).base64EncodedString()
        #expect(request.header("proxy-authorization") == "Basic \(credentials)")
    }

    @Test("TLS goes by CONNECT, and what is for the server is not told to the proxy")
    func connect() async throws {
        let server = try RawHTTPServer { _, _ in .last("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n") }
        defer { server.stop() }
        let api = Self.client("https://api.test", through: server.port, password: "hunter2")
        let error = await #expect(throws: FreshetError.self) {
            _ = try await api.post("x", json: 1, headers: [.authorization: "Bearer t"], as: Int.self)
        }
        #expect(error?.kind == .proxyRefused(status: 407))
        #expect(error?.message == "the proxy 127.0.0.1:\(server.port) wants other credentials (HTTP 407)")
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("CONNECT api.test:443 HTTP/1.1\r\n"))
        #expect(request.header("authorization") == nil)
        #expect(request.header("user-agent")?.contains("Bearer") != true)
    }

    @Test(
        "A POST that did not get through the proxy was not executed",
        arguments: ["", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nno TLS at all", "silence"]
    )
    func notExecuted(_ answer: String) async throws {
        let server = try RawHTTPServer { _, _ in
            .script { connection in
                if answer != "silence" { connection.write(answer) } else { connection.readToEnd() }
            }
        }
        defer { server.stop() }
        let api = Self.client("https://api.test", through: server.port, password: "hunter2")
        let error = await #expect(throws: FreshetError.self) { _ = try await api.post("x", json: 1, as: Int.self) }
        #expect(error?.kind != .outcomeUnknown, "\(String(describing: error))")
        #expect(error?.kind != nil)
    }
}
