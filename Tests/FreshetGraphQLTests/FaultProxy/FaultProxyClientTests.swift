// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// The whole client, before a server that is well, with a bad network between them.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyClientTests {
    private struct Tick: Decodable, Sendable {
        let n: Int
    }

    private static let query = "subscription { ticks(every: 1) { n } }"

    /// A client that tries again soon, and notices silence soon.
    private static func client(
        _ proxy: FaultProxy,
        trusting authority: TestAuthority? = nil,
        patience: Duration = .seconds(1)
    ) -> GraphQLClient {
        var policy = ConnectionPolicy()
        policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(5))
        var configuration = GraphQLClientConfiguration(policy: policy)
        configuration.webSocket.deadline = .seconds(50)
        configuration.webSocket.pingInterval = patience
        configuration.webSocket.pongDeadline = patience
        configuration.webSocket.tls.authorities = authority.map { .text($0.certificate) }
        return GraphQLClient(url: proxy.url, configuration: configuration)
    }

    /// Takes ticks, does something at the third, and goes on to the third after a gap: the numbers, 0 for a gap.
    private static func ticks(
        _ proxy: FaultProxy,
        trusting authority: TestAuthority? = nil,
        atThree fault: @Sendable (FaultProxy) throws -> Void
    ) async throws -> [Int] {
        let client = Self.client(proxy, trusting: authority)
        var numbers: [Int] = []
        for try await event in client.subscribe(Tick.self, Self.query) {
            let number = event.value?.n ?? 0
            // What was on its way when the fault came in may come still.
            if number == 0 || number <= 3 { numbers.append(number) }
            if numbers == [1, 2, 3], number == 3 { try fault(proxy) }
            if numbers.count >= 7 { break }
        }
        await client.close()
        return numbers
    }

    @Test("A test of one's own reconnection")
    func reconnection() async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url)
        let numbers = try await Self.ticks(proxy) { proxy in
            try proxy.add(FaultRule(.upgrade(), .refuse(503), times: 2))
            proxy.cut(.reset)
        }
        #expect(numbers == [1, 2, 3, 0, 1, 2, 3])
        // One connection that was cut, two upgrades that were refused, and the one that goes on.
        let upgrades = proxy.log.filter { if case .request(_, _, _, upgrade: true) = $0.event { true } else { false } }
        #expect(upgrades.map(\.connection) == [1, 2, 3, 4])
        #expect(await server.statistics.total == 2)
        proxy.stop()
        await server.shutdown()
    }

    @Test("Every end of a connection is one gap", arguments: [FaultCut.reset, .end, .endInFrame, .halfOpen])
    func cuts(_ cut: FaultCut) async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url)
        #expect(try await Self.ticks(proxy) { $0.cut(cut) } == [1, 2, 3, 0, 1, 2, 3])
        #expect(await server.statistics.total == 2)
        proxy.stop()
        await server.shutdown()
    }

    @Test("Every close code that may be retried is one gap", arguments: [1001, 1011, 1012, 1013] as [UInt16])
    func closes(_ code: UInt16) async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url)
        #expect(try await Self.ticks(proxy) { $0.close(code: code) } == [1, 2, 3, 0, 1, 2, 3])
        proxy.stop()
        await server.shutdown()
    }

    @Test("A blackhole is noticed by the keep-alive, and what comes after it goes on")
    func blackhole() async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url)
        let lifted = Task {
            // The client has given up the first connection, and a second one hears nothing.
            _ = await proxy.entry { $0.connection == 2 && $0.event == .connected }
            proxy.conditions.blackhole = nil
        }
        #expect(try await Self.ticks(proxy) { $0.conditions.blackhole = .both } == [1, 2, 3, 0, 1, 2, 3])
        await lifted.value
        proxy.stop()
        await server.shutdown()
    }

    @Test("Elements that the server's frames lose, double or swap are lost, doubled and swapped in the feed")
    func elements() async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url)
        try proxy.add(FaultRule(.frame(.toClient, containing: #""n":2}"#), .drop))
        try proxy.add(FaultRule(.frame(.toClient, containing: #""n":4}"#), .duplicate))
        try proxy.add(FaultRule(.frame(.toClient, containing: #""n":6}"#), .reorder))
        let client = Self.client(proxy)
        var numbers: [Int] = []
        for try await event in client.subscribe(Tick.self, "subscription { ticks(every: 1, to: 8) { n } }") {
            numbers.append(try #require(event.value?.n))
        }
        #expect(numbers == [1, 3, 4, 4, 5, 7, 6, 8])
        await client.close()
        proxy.stop()
        await server.shutdown()
    }

    @Test("A slow network in pieces loses nothing")
    func slow() async throws {
        let server = try await EmbeddedServer()
        let proxy = try FaultProxy(to: await server.url, configuration: FaultProxyConfiguration(seed: 5))
        proxy.conditions.segments = 1...7
        proxy.conditions.latency = .milliseconds(2)
        proxy.conditions.jitter = .milliseconds(10)
        // The network is slow here, and perhaps the machine: that is not silence.
        let client = Self.client(proxy, patience: .seconds(20))
        var numbers: [Int] = []
        for try await value in client.subscribe(Int.self, "subscription { count(to: 200) }").values {
            numbers.append(value)
        }
        #expect(numbers == Array(1...200))
        await client.close()
        #expect(await server.statistics.total == 1)
        proxy.stop()
        await server.shutdown()
    }

    @Test("tls.mid-stream-alert, tls.truncation: one gap, as every end", arguments: [FaultCut.alert, .truncate])
    func endsOfTLS(_ cut: FaultCut) async throws {
        let authority = try TestAuthority()
        let server = try await EmbeddedServer()
        let configuration = FaultProxyConfiguration(authority: authority)
        let proxy = try FaultProxy(to: await server.url, configuration: configuration)
        #expect(try await Self.ticks(proxy, trusting: authority) { $0.cut(cut) } == [1, 2, 3, 0, 1, 2, 3])
        #expect(await server.statistics.total == 2)
        proxy.stop()
        await server.shutdown()
    }

    @Test(
        "tls.expired, tls.wrong-host, tls.unknown-ca, tls.client-cert-required: fatal, also at a reconnection",
        arguments: [
            (TLSConditions.Certificate.expired, FreshetError.TLSFailure.expired), (.wrongHost, .wrongHost),
            (.unknownAuthority, .unknownAuthority), (.good, .clientCertificateRequired),
        ]
    )
    func fatalTLS(_ certificate: TLSConditions.Certificate, _ failure: FreshetError.TLSFailure) async throws {
        let authority = try TestAuthority()
        let server = try await EmbeddedServer()
        let configuration = FaultProxyConfiguration(authority: authority)
        let proxy = try FaultProxy(to: await server.url, configuration: configuration)
        await #expect {
            try await Self.ticks(proxy, trusting: authority) { proxy in
                proxy.conditions.tls.certificate = certificate
                proxy.conditions.tls.requiresClientCertificate = certificate == .good
                proxy.cut(.reset)
            }
        } throws: {
            ($0 as? FreshetError)?.kind == .tls(failure) && ($0 as? FreshetError)?.hint != nil
        }
        // Once, and not again and again.
        #expect(proxy.log.filter { $0.event == .connected }.count == 2)
        proxy.stop()
        await server.shutdown()
    }
}
