// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Every wrong answer to an upgrade that the catalogue of faults has, by a rule, as a client names it.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyUpgradeTests {
    /// An answer, and what a client makes of it.
    struct Answer: Sendable, CustomTestStringConvertible {
        let id: String
        let action: FaultAction
        /// Nil where it connects all the same.
        let kind: FreshetError.Kind?
        var retryAfter: ClosedRange<Duration>?
        var isOnce = false

        var testDescription: String { self.id }
    }

    private static let answers: [Answer] =
        [
            Answer(id: "no-subprotocol", action: .noSubprotocol, kind: .protocolViolation),
            Answer(id: "bad-accept", action: .badAccept, kind: .protocolViolation),
            Answer(
                id: "http.200-html",
                action: .respond(FaultResponse(status: 200, body: "<html>Please sign in</html>")),
                kind: .upgradeRefused(status: 200)
            ),
            Answer(id: "http.401", action: .refuse(401), kind: .unauthorized),
            Answer(id: "http.403", action: .refuse(403), kind: .forbidden),
            Answer(id: "http.426", action: .refuse(426), kind: .upgradeRefused(status: 426)),
        ]
        + [301, 302, 307].flatMap { status in
            [
                Answer(
                    id: "http.\(status)",
                    action: .refuse(status, headers: [HTTPHeader("Location", "/there")]),
                    kind: nil,
                    isOnce: true
                ),
                Answer(id: "http.\(status) to nowhere", action: .refuse(status), kind: .upgradeRefused(status: status)),
            ]
        }
        + [429, 503].flatMap { status in
            let kind = FreshetError.Kind.upgradeRefused(status: status)
            return [
                Answer(id: "http.\(status)", action: .refuse(status), kind: kind),
                Answer(
                    id: "http.\(status), Retry-After in seconds",
                    action: .refuse(status, headers: [HTTPHeader("Retry-After", "7")]),
                    kind: kind,
                    retryAfter: .seconds(7)...(.seconds(7))
                ),
                Answer(
                    id: "http.\(status), Retry-After as a date",
                    action: .refuse(status, headers: [HTTPHeader("Retry-After", Self.inAnHour)]),
                    kind: kind,
                    retryAfter: .seconds(3000)...(.seconds(3600))
                ),
            ]
        }

    /// As HTTP writes dates.
    private static var inAnHour: String {
        var then = time(nil) + 3600
        var parts = tm()
        gmtime_r(&then, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The first element, or why there is none.
    private static func first(_ client: GraphQLClient) async -> (n: Int?, error: FreshetError?) {
        struct Tick: Decodable, Sendable { let n: Int }
        do throws(FreshetError) {
            for try await event in client.subscribe(Tick.self, "subscription { ticks(every: 1) { n } }") {
                return (event.value?.n, nil)
            }
            return (nil, nil)
        } catch {
            return (nil, error)
        }
    }

    @Test(
        "An upgrade that is answered wrongly is an error of its kind, or a redirect that is followed",
        arguments: answers
    )
    func answer(_ answer: Answer) async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url)
        try proxy.add(FaultRule(.upgrade(), answer.action, times: answer.isOnce ? 1 : nil))
        var configuration = GraphQLClientConfiguration()
        // With the older one beside it, no subprotocol means that one.
        configuration.dialects = [.transportWS]
        let client = GraphQLClient(url: proxy.url, configuration: configuration)
        let (n, error) = await Self.first(client)
        #expect(error?.kind == answer.kind)
        #expect((n == nil) == (answer.kind != nil))
        if let range = answer.retryAfter { #expect(range.contains(try #require(error?.refusal?.retryAfter))) }
        #expect(proxy.log.contains { $0.event == .fault(answer.action) })
        let paths = proxy.log.compactMap { entry -> String? in
            guard case .request(_, let path, _, upgrade: true) = entry.event else { return nil }
            return path
        }
        #expect(paths.contains("/there") == answer.isOnce)
        await client.close()
        proxy.stop()
        await server.shutdown()
    }

    @Test("proxy.407: the fault proxy as the client's own proxy, which wants credentials")
    func proxyCredentials() async throws {
        let server = try RawServer { $0.readToEnd() }
        let proxy = try FaultProxy(to: server.url)
        try proxy.add(
            FaultRule(
                .request(),
                .refuse(407, headers: [HTTPHeader("Proxy-Authenticate", "Basic realm=\"x\"")]),
                times: nil  // the client asks once more, for the status
            )
        )
        var configuration = GraphQLClientConfiguration()
        configuration.webSocket.proxy = .proxy(Proxy(host: "127.0.0.1", port: proxy.port))
        let client = GraphQLClient(url: "wss://somewhere.invalid/graphql", configuration: configuration)
        #expect(await Self.first(client).error?.kind == .proxyRefused(status: 407))
        let request = await proxy.entry { if case .request("CONNECT", _, _, _) = $0.event { true } else { false } }
        #expect(request != nil)
        await client.close()
        proxy.stop()
        server.stop()
    }
}
