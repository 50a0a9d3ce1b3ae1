// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// The library against Strawberry and Ariadne, in the new protocol and in the older one.
///
/// Their handlers of the older one are special. Strawberry's refuses queries and mutations. Ariadne's drops the whole
/// connection when an operation is stopped, and never says that a query is complete.
@Suite(.timeLimit(.minutes(2)))
struct GraphQLInteropTests {
    private struct Event: Decodable, Sendable {
        let n: Int
    }

    /// A server and a protocol.
    struct Peer: Sendable, CustomTestStringConvertible {
        let name: String
        let dialect: GraphQLDialect

        var testDescription: String { "\(self.name), \(self.dialect)" }
        var isAriadneLegacy: Bool { self.name == "ariadne" && self.dialect == .legacy }
        var answersQueries: Bool { self.name != "strawberry" || self.dialect != .legacy }

        static let all = ["strawberry", "ariadne"].flatMap { name in
            [GraphQLDialect.transportWS, .legacy].map { Peer(name: name, dialect: $0) }
        }

        /// The server, and a client that speaks the protocol and no other.
        func start() async throws -> (server: Program, url: String) {
            try await Program.graphQLServer(self.name)
        }

        func client(_ url: String) -> GraphQLClient {
            var policy = ConnectionPolicy()
            policy.backoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
            policy.waitsForFirstConnection = true
            // So that operations one after another go over one connection.
            policy.linger = .seconds(5)
            var configuration = GraphQLClientConfiguration(policy: policy)
            configuration.dialects = [self.dialect]
            configuration.carrier = .webSocket
            return GraphQLClient(url: url, configuration: configuration)
        }
    }

    private static let events = "subscription E($after: Int) { events(after: $after) { n } }"
    private static let cursor = GraphQLRecovery<Event>.cursor(variable: "after", path: "events.n")

    @Test("A subscription comes in order, and to its end", arguments: Peer.all)
    func toTheEnd(_ peer: Peer) async throws {
        let (server, url) = try await peer.start()
        let client = peer.client(url)
        var values: [Int] = []
        for try await event in client.subscribe(Int.self, "subscription { count(to: 50) }") {
            values.append(try #require(event.value))
        }
        #expect(values == Array(1...50))
        await client.close()
        server.stop()
        _ = await server.result()
    }

    @Test("Queries are answered, and a mutation is executed once", arguments: Peer.all.filter(\.answersQueries))
    func oneShot(_ peer: Peer) async throws {
        let (server, url) = try await peer.start()
        let client = peer.client(url)
        // So that all of it goes over one connection.
        let reader = Task { for try await _ in client.subscribe(Event.self, Self.events) {} }
        for _ in 1...3 { #expect(try await client.query(String.self, "{ hello }") == "hello") }
        #expect(try await client.mutate(Int.self, "mutation { increment }") == 1)
        #expect(try await client.query(Int.self, "{ executions }") == 1)
        #expect(try await client.mutate(Int.self, "mutation { increment }") == 2)
        reader.cancel()
        await client.close()
        server.stop()
        let sockets = await server.result().output.filter { $0.hasPrefix("open ") }
        #expect(sockets == ["open 1"])
    }

    @Test("A query that the server does not take in this protocol fails alone")
    func refusedQuery() async throws {
        let peer = Peer(name: "strawberry", dialect: .legacy)
        let (server, url) = try await peer.start()
        let client = peer.client(url)
        let error = await #expect(throws: FreshetError.self) { try await client.query(String.self, "{ hello }") }
        #expect(error?.graphQLErrors?.first?.message == "queries are not allowed")
        await client.close()
        server.stop()
        _ = await server.result()
    }

    @Test("An operation that the server refuses fails alone", arguments: Peer.all)
    func failsAlone(_ peer: Peer) async throws {
        let (server, url) = try await peer.start()
        let client = peer.client(url)
        var feed = client.subscribe(Event.self, Self.events).makeAsyncIterator()
        var last = try #require(try await feed.next()?.value?.n)
        let error = await #expect(throws: FreshetError.self) {
            for try await _ in client.subscribe(Int.self, "subscription { nope }") {}
        }
        #expect(error?.graphQLErrors?.first?.message == "Cannot query field 'nope' on type 'Subscription'.")
        for _ in 1...100 {
            let n = try #require(try await feed.next()?.value?.n)
            #expect(n == last + 1)
            last = n
        }
        await client.close()
        server.stop()
        let sockets = await server.result().output.filter { $0.hasPrefix("open ") }
        #expect(sockets == ["open 1"])
    }

    @Test("Cut connections lose nothing of a subscription with a cursor", arguments: Peer.all)
    func cuts(_ peer: Peer) async throws {
        let (server, url) = try await peer.start()
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0.prefix { $0.isNumber }) })
        let proxy = try CuttingProxy(to: port, cuts: 8, bytes: 3000, seed: 3)
        let client = peer.client(proxy.url)
        var last: Int?
        var goal: Int?
        for try await event in client.subscribe(Event.self, Self.events, recovery: Self.cursor) {
            let n = try #require(event.value?.n, "\(event) after \(last ?? 0), \(proxy.statistics)")
            #expect(last.map { n == $0 + 1 } ?? true, "after \(last ?? 0) came \(n)")
            last = n
            if proxy.statistics.connections > 8, goal == nil { goal = n + 100 }
            if let goal, n >= goal { break }
        }
        #expect(proxy.statistics.cuts == 8)
        await client.close()
        proxy.stop()
        server.stop()
        _ = await server.result()
    }

    @Test("Who leaves is unsubscribed, and the others lose nothing", arguments: Peer.all)
    func leaving(_ peer: Peer) async throws {
        let (server, url) = try await peer.start()
        let client = peer.client(url)
        var feed = client.subscribe(Event.self, Self.events, recovery: Self.cursor).makeAsyncIterator()
        var last = try #require(try await feed.next()?.value?.n)
        let other = "subscription { events { n } }"
        for try await _ in client.subscribe(Event.self, other) { break }
        // Asked by another client, until it is true; each answer takes its time.
        let asking = Peer(name: peer.name, dialect: .transportWS).client(url)
        for _ in 1...1000 where try await asking.query(Int.self, "{ listeners }") == 1 { break }
        #expect(try await asking.query(Int.self, "{ listeners }") == 1)
        await asking.close()
        for _ in 1...100 {
            let event = try #require(try await feed.next())
            let n = try #require(event.value?.n, "\(event)")
            #expect(n == last + 1)
            last = n
        }
        await client.close()
        server.stop()
        _ = await server.result()
    }
}
