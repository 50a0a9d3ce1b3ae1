// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// The client and the embedded server, over real sockets.
@Suite(.timeLimit(.minutes(2)))
struct GraphQLClientTests {
    private struct Tick: Decodable, Sendable {
        let n: Int
    }

    private static var quick: GraphQLClientConfiguration {
        var policy = ConnectionPolicy()
        policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(5))
        return GraphQLClientConfiguration(policy: policy)
    }

    @Test("A subscription yields everything in order and ends")
    func count() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        var values: [Int] = []
        for try await event in client.subscribe(Int.self, "subscription { count(to: 5) }") {
            values.append(try #require(event.value))
        }
        #expect(values == [1, 2, 3, 4, 5])
        await client.close()
        await server.shutdown()
    }

    @Test("Variables arrive")
    func variables() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        let feed = client.subscribe(
            Int.self,
            "subscription Count($to: Int!) { total: count(to: $to) }",
            variables: ["to": 3],
            operationName: "Count"
        )
        var values: [Int] = []
        for try await value in feed.values { values.append(value) }
        #expect(values == [1, 2, 3])
        await client.close()
        await server.shutdown()
    }

    @Test("Many feeds at once share one socket and do not disturb each other")
    func multiplexing() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...50 {
                group.addTask {
                    var last = 0
                    for try await value in client.subscribe(Int.self, "subscription { count(to: \(number)) }").values {
                        #expect(value == last + 1)
                        last = value
                    }
                    return last
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sums == (1...50).reduce(0, +))
        await client.close()
        #expect(await server.statistics.peak == 1)
        await server.shutdown()
    }

    @Test("Leaving the loop unsubscribes, and the last one closes the socket")
    func leaving() async throws {
        let (closed, continuation) = AsyncStream<Void>.makeStream()
        let server = try await EmbeddedServer { event in
            if event == .disconnected(open: 0) { continuation.yield() }
        }
        let client = GraphQLClient(url: await server.url)
        for try await _ in client.subscribe(Tick.self, "subscription { ticks(every: 1) { n } }") { break }
        var iterator = closed.makeAsyncIterator()
        await iterator.next()
        let statistics = await server.statistics
        #expect(statistics.open == 0)
        #expect(statistics.total == 1)
        await server.shutdown()
    }

    @Test("A drop is a gap in the feed, then data goes on, and there are never two sockets")
    func drop() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url, configuration: Self.quick)
        var gaps = 0
        var afterGap = 0
        for try await event in client.subscribe(Tick.self, "subscription { ticks(every: 1) { n } }") {
            switch event {
            case .gap(let gap):
                #expect(gap.cause == .unknown)
                gaps += 1
                afterGap = 0
            case .update(let tick):
                afterGap += 1
                #expect(tick.n == afterGap)
                if afterGap == 3, gaps < 5 { await server.drop() }
            case .snapshot:
                Issue.record("a subscription has no snapshot")
            }
            if gaps == 5, afterGap == 3 { break }
        }
        await client.close()
        #expect(await server.statistics.peak == 1)
        #expect(await server.statistics.total == 6)
        await server.shutdown()
    }

    @Test("A restart of the server is ridden out")
    func restart() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url, configuration: Self.quick)
        var sawGap = false
        for try await event in client.subscribe(Tick.self, "subscription { ticks(every: 1) { n } }") {
            if case .gap = event { sawGap = true }
            guard !sawGap else { break }
            await server.stop()
            try await server.start()
        }
        #expect(sawGap)
        await client.close()
        await server.shutdown()
    }

    @Test("A loop that is shut down ends its feeds with an error")
    func loopShutdown() async throws {
        let server = try await EmbeddedServer()
        let loop = EventLoop()
        let client = GraphQLClient(url: await server.url, configuration: Self.quick, loop: loop)
        let error = await #expect(throws: FreshetError.self) {
            for try await _ in client.subscribe(Tick.self, "subscription { ticks(every: 1) { n } }") { loop.shutdown() }
        }
        #expect(error?.kind == .clientClosed)
        await server.shutdown()
    }

    @Test("What the server refuses is thrown with its words")
    func refused() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        let error = await #expect(throws: FreshetError.self) {
            for try await _ in client.subscribe(Int.self, "subscription { nope }") {}
        }
        #expect(error?.graphQLErrors?.map(\.message) == ["Cannot query field 'nope' on type 'Subscription'."])
        await client.close()
        await server.shutdown()
    }

    @Test("A URL that cannot work is told by the first pull")
    func badURL() async throws {
        let client = GraphQLClient(url: "gopher://example.org")
        let error = await #expect(throws: FreshetError.self) {
            for try await _ in client.subscribe(Int.self, "subscription { a }") {}
        }
        #expect(error?.kind == .invalidInput)
    }

    @Test("A variable that JSON cannot say is refused before anything is sent")
    func infiniteVariable() async throws {
        let client = GraphQLClient(url: "ws://127.0.0.1:1/")
        let error = await #expect(throws: FreshetError.self) {
            for try await _ in client.subscribe(Int.self, "subscription { a }", variables: ["x": .number(.infinity)]) {}
        }
        #expect(error?.kind == .invalidInput)
    }

    @Test("A cancelled consumer ends although there is always more to take")
    func cancelledWhileBusy() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let consumer = Task {
            let feed = client.subscribe(Tick.self, "subscription { ticks(every: 0) { n } }")
            for try await _ in feed { continuation.yield() }
        }
        for await _ in started { break }
        consumer.cancel()
        _ = await consumer.result
        await client.close()
        await server.shutdown()
    }
}
