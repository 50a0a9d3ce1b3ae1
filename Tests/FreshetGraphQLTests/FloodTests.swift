// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Many events, from a real socket to a consumer on the main actor.
@Suite(.timeLimit(.minutes(5)))
struct FloodTests {
    private struct Tick: Decodable, Sendable {
        let n: Int
        let pad: String
    }

    @Test("100,000 events of 200 bytes reach a consumer on the main actor: all, in order")
    @MainActor
    func mainActor() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        var last = 0
        let query = "subscription { ticks(every: 0, to: 100000, bytes: 140) { n pad } }"
        for try await event in client.subscribe(Tick.self, query) {
            let tick = try #require(event.value)
            guard tick.n == last + 1, tick.pad.utf8.count == 140 else {
                Issue.record("after \(last) came \(tick.n)")
                break
            }
            last = tick.n
        }
        #expect(last == 100_000)
        await client.close()
        await server.shutdown()
    }

    @Test("A consumer that stands still holds the server back, and gets everything when it goes on")
    func slowConsumer() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        let other = GraphQLClient(url: await server.url)
        let total = 10_000  // of 10 kB: 100 MB, far more than sockets and buffers take
        let query = "subscription { ticks(every: 0, to: \(total), bytes: 10000) { n pad } }"
        var iterator = client.subscribe(Tick.self, query).makeAsyncIterator()
        #expect(try await iterator.next()?.value?.n == 1)

        // Until nothing more is sent; each look takes a round trip through the same server.
        var sent = 0
        for look in 1...1000 {
            for try await _ in other.subscribe(Int.self, "subscription { count(to: 200) }") {}
            let now = await server.statistics.sent - look * 200
            if now == sent { break }
            sent = now
        }
        #expect(sent < total / 2, "the server could send \(sent) of \(total) events to a consumer that stood still")

        var last = 1
        while let event = try await iterator.next() {
            let n = try #require(event.value?.n)
            guard n == last + 1 else {
                Issue.record("after \(last) came \(n)")
                break
            }
            last = n
        }
        #expect(last == total)
        await client.close()
        await other.close()
        await server.shutdown()
    }
}
