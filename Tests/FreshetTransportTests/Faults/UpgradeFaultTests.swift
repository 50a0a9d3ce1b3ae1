// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Answers to the upgrade request that are not the one that was hoped for.
@Suite(.timeLimit(.minutes(1)))
struct UpgradeFaultTests {
    /// The error of a connect to a server that answers so; `connection` may then do more.
    private func refusal(
        _ answer: String,
        _ configuration: WebSocketConfiguration = FaultyPeer.configuration(),
        then: @escaping @Sendable (RawConnection) -> Void = { $0.readToEnd() }
    ) async throws -> FreshetError? {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(answer)
            then(connection)
        }
        defer { server.stop() }
        return await FaultyPeer.receive(from: server.url, configuration).error
    }

    private static func answer(_ status: String, _ headers: String = "", body: String = "") -> String {
        "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    // MARK: - Statuses

    @Test("http.429/503: Retry-After in seconds reaches the error", arguments: [429, 503])
    func retryAfterSeconds(_ status: Int) async throws {
        let error = try await self.refusal(Self.answer("\(status) Later", "Retry-After: 120\r\n"))
        #expect(error?.kind == .upgradeRefused(status: status))
        #expect(error?.refusal?.retryAfter == .seconds(120))
    }

    @Test("http.429/503: Retry-After as a date reaches the error as the time until then", arguments: [429, 503])
    func retryAfterDate(_ status: Int) async throws {
        var then = time(nil) + 3600
        var parts = tm()
        gmtime_r(&then, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        let date = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let error = try await self.refusal(Self.answer("\(status) Later", "Retry-After: \(date)\r\n"))
        #expect(error?.kind == .upgradeRefused(status: status))
        let wait = try #require(error?.refusal?.retryAfter)
        #expect(wait <= .seconds(3600))
        #expect(wait > .seconds(3600 - 60))
    }

    @Test("http.429/503: without Retry-After, or with one that means nothing, there is none", arguments: [429, 503])
    func noRetryAfter(_ status: Int) async throws {
        for header in ["", "Retry-After: soon\r\n"] {
            let error = try await self.refusal(Self.answer("\(status) Later", header))
            #expect(error?.kind == .upgradeRefused(status: status))
            #expect(error?.refusal != nil)
            #expect(error?.refusal?.retryAfter == nil)
        }
    }

    @Test("http.401/403: they are errors of their own, with what the server asks for")
    func credentials() async throws {
        let challenge = "Bearer realm=\"feeds\", error=\"invalid_token\""
        let unauthorized = try await self.refusal(Self.answer("401 No", "WWW-Authenticate: \(challenge)\r\n"))
        #expect(unauthorized?.kind == .unauthorized)
        #expect(unauthorized?.refusal?.status == 401)
        #expect(unauthorized?.refusal?.authenticate == challenge)
        let forbidden = try await self.refusal(Self.answer("403 No"))
        #expect(forbidden?.kind == .forbidden)
        #expect(forbidden?.refusal?.status == 403)
    }

    @Test("http.200-html: a login page is not a WebSocket; it is kept, but not quoted")
    func captivePortal() async throws {
        let page = "<html><title>Welcome to our hotel</title></html>"
        let error = try await self.refusal(Self.answer("200 OK", "Content-Type: text/html\r\n", body: page))
        #expect(error?.kind == .upgradeRefused(status: 200))
        #expect(error?.message.contains("hotel") == false)
        #expect(error?.hint?.contains("login page") == true)
        #expect(error?.refusal?.body == Array(page.utf8))
    }

    @Test("http.426: another protocol is wanted, and the hint says what may have happened")
    func upgradeRequired() async throws {
        let error = try await self.refusal(Self.answer("426 Upgrade Required", "Upgrade: HTTP/2.0\r\n"))
        #expect(error?.kind == .upgradeRefused(status: 426))
        #expect(error?.hint?.contains("proxy between") == true)
    }

    @Test("A refusal whose body never ends, or never comes, is told all the same", arguments: [true, false])
    func endlessBody(_ floods: Bool) async throws {
        let error = try await self.refusal("HTTP/1.1 503 Later\r\nContent-Length: 99999999\r\n\r\n") { connection in
            while floods, connection.write([UInt8](repeating: 0x61, count: 4096)) {}
            connection.readToEnd()
        }
        #expect(error?.kind == .upgradeRefused(status: 503))
        #expect(error?.refusal?.body.count == (floods ? 1024 : 0))
    }

    // MARK: - Redirects

    @Test("http.301/302/307: each kind of redirect is followed", arguments: [301, 302, 303, 307, 308])
    func redirect(_ status: Int) async throws {
        let server = try RawServer { connection in
            let request = connection.readRequest()
            if request.hasPrefix("GET /there ") {
                connection.accept(request, followedBy: FaultyPeer.text("here") + FaultyPeer.close(1000))
            } else {
                connection.write(Self.answer("\(status) Moved", "Location: /there\r\n"))
            }
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages == ["here"])
        #expect(error == nil)
    }

    @Test("http.301/302/307: a ring of redirects ends at the limit, and none are followed where none are allowed")
    func redirectLimit() async throws {
        let asked = Locked(0)
        let server = try RawServer { connection in
            _ = connection.readRequest()
            asked.withLock { $0 += 1 }
            connection.write(Self.answer("302 Found", "Location: /again\r\n"))
            connection.readToEnd()
        }
        defer { server.stop() }
        var configuration = FaultyPeer.configuration()
        for limit in [3, 0] {
            configuration.redirects.limit = limit
            asked.withLock { $0 = 0 }
            let error = await FaultyPeer.receive(from: server.url, configuration).error
            #expect(error?.kind == .protocolViolation)
            #expect(error?.message.contains("more than \(limit) redirects") == true)
            #expect(asked.withLock { $0 } == limit + 1)
        }
    }

    @Test("http.301/302/307: a redirect to nowhere is a refusal", arguments: ["", "Location: gopher://x/\r\n"])
    func redirectToNowhere(_ location: String) async throws {
        let error = try await self.refusal(Self.answer("302 Found", location))
        #expect(location.isEmpty ? error?.kind == .upgradeRefused(status: 302) : error != nil)
    }
}
