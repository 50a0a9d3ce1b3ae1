// SPDX-License-Identifier: Apache-2.0

import FreshetGraphQL
import FreshetHTTP
import FreshetTestSupport
import Testing

/// The client with a cache, a script as the server.
@Suite(.timeLimit(.minutes(1)))
struct GraphQLCacheClientTests {
    struct Item: Codable, Sendable, Equatable {
        var id: String
        var title: String
    }

    /// A server with one item, which it changes when it is told to.
    private final class Server: Sendable {
        let title = Locked("one")
        let isDown = Locked(false)
        let beforeQuery = Locked<@Sendable () async -> Void>({})
        let beforeMutation = Locked<@Sendable () async -> Void>({})
        let transport: ScriptedHTTPTransport

        init() {
            let (title, isDown) = (self.title, self.isDown)
            let (beforeQuery, beforeMutation) = (self.beforeQuery, self.beforeMutation)
            self.transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
                let text = call.body?.bytes?.text ?? ""
                let before = text.contains("mutation") ? beforeMutation : beforeQuery
                await before.withLock { $0 }()
                if isDown.withLock({ $0 }) { throw FreshetError(.unreachable, "no route") }
                let field = text.contains("mutation") ? "rename" : "item"
                if text.contains("mutation") { title.withLock { $0 = "renamed" } }
                let root = text.contains("mutation") ? "Mutation" : "Query"
                let item = #"{"__typename":"Item","id":"1","title":"\#(title.withLock { $0 })"}"#
                return HTTPReply(
                    HTTPResponse(status: .ok),
                    body: HTTPBody(Array(#"{"data":{"__typename":"\#(root)","\#(field)":\#(item)}}"#.utf8))
                )
            }
        }

        var queries: Int {
            self.transport.calls.count { $0.body?.bytes?.text.contains("mutation") == false }
        }

        func client() -> GraphQLClient {
            var configuration = GraphQLClientConfiguration()
            configuration.http.transport = self.transport
            configuration.http.middlewares = []
            configuration.cache = GraphQLCacheConfiguration()
            return GraphQLClient(url: "wss://api.test/graphql", configuration: configuration)
        }
    }

    private static let query = #"{ item(id: "1") { id title } }"#
    private static let mutation = #"mutation { rename(id: "1") { id title } }"#

    @Test("cacheFirst asks the server once, networkOnly each time")
    func cacheFirst() async throws {
        let server = Server()
        let client = server.client()
        for _ in 1...3 { #expect(try await client.query(Item.self, Self.query) == Item(id: "1", title: "one")) }
        #expect(server.queries == 1)
        _ = try await client.query(Item.self, Self.query, policy: .networkOnly)
        #expect(server.queries == 2)
        #expect(server.transport.calls.first?.body?.bytes?.text.contains("__typename") == true)
    }

    @Test("cacheOnly never asks, and says what is missing")
    func cacheOnly() async throws {
        let server = Server()
        let client = server.client()
        let error = await #expect(throws: FreshetError.self) {
            _ = try await client.query(Item.self, Self.query, policy: .cacheOnly)
        }
        #expect(error?.kind == .notFound)
        #expect(server.queries == 0)
    }

    @Test("networkFirst falls back on the cache, networkOnly does not")
    func networkFirst() async throws {
        let server = Server()
        let client = server.client()
        _ = try await client.query(Item.self, Self.query)
        server.isDown.withLock { $0 = true }
        #expect(try await client.query(Item.self, Self.query, policy: .networkFirst).title == "one")
        let error = await #expect(throws: FreshetError.self) {
            _ = try await client.query(Item.self, Self.query, policy: .networkOnly)
        }
        #expect(error?.kind == .unreachable)
    }

    @Test("A watched query changes when a mutation writes the same object")
    func watching() async throws {
        let server = Server()
        let client = server.client()
        var feed = client.watch(Item.self, Self.query).makeAsyncIterator()
        #expect(try await feed.next()?.value?.title == "one")
        #expect(try await client.mutate(Item.self, Self.mutation).title == "renamed")
        #expect(try await feed.next()?.value?.title == "renamed")
        #expect(server.queries == 1)
    }

    @Test("An optimistic result shows at once, and goes again when the mutation fails")
    func optimistic() async throws {
        let server = Server()
        let client = server.client()
        var feed = client.watch(Item.self, Self.query).makeAsyncIterator()
        #expect(try await feed.next()?.value?.title == "one")
        let (seen, announce) = AsyncStream<Void>.makeStream()
        server.beforeMutation.withLock { $0 = { for await _ in seen { return } } }
        server.isDown.withLock { $0 = true }
        let hope: JSONValue = ["rename": ["__typename": "Item", "id": "1", "title": "hoped"]]
        let mutating = Task { try await client.mutate(Item.self, Self.mutation, optimistic: hope) }
        #expect(try await feed.next()?.value?.title == "hoped")
        announce.yield()
        #expect(try await feed.next()?.value?.title == "one")
        await #expect(throws: FreshetError.self) { try await mutating.value }
    }

    @Test("A watch whose server cannot be asked shows what there is, and says that it may be old")
    func staleness() async throws {
        let server = Server()
        let client = server.client()
        _ = try await client.query(Item.self, Self.query)
        server.isDown.withLock { $0 = true }
        var feed = client.watch(Item.self, Self.query, policy: .cacheAndNetwork).makeAsyncIterator()
        #expect(try await feed.next()?.value?.title == "one")
        guard case .gap(let gap)? = try await feed.next() else {
            Issue.record("no gap")
            return
        }
        #expect(gap.reason == "no route")
        var nothing = client.watch(Item.self, Self.query, policy: .networkOnly).makeAsyncIterator()
        let error = await #expect(throws: FreshetError.self) { _ = try await nothing.next() }
        #expect(error?.kind == .unreachable)
    }

    /// The item's title in the cache, when the server has just said which item it is, and no more.
    private static func keptTitle(_ client: GraphQLClient) async throws -> String? {
        _ = try await client.query([String: String].self, #"{ item(id: "1") { id } }"#, policy: .networkOnly)
        return try? await client.query(Item.self, Self.query, policy: .cacheOnly).title
    }

    @Test(
        "An answer that was under way when the cache was cleared is for who asked, and does not get into the cache",
        arguments: [GraphQLCachePolicy.cacheFirst, .networkOnly]
    )
    func cleared(_ policy: GraphQLCachePolicy) async throws {
        let server = Server()
        let client = server.client()
        let (asked, gate) = (Gate(), Gate())
        server.beforeQuery.withLock {
            $0 = {
                asked.open()
                await gate.wait()
            }
        }
        let query = Task { try await client.query(Item.self, Self.query, policy: policy) }
        await asked.wait()
        await client.clearCache()
        gate.open()
        #expect(try await query.value.title == "one")
        let error = await #expect(throws: FreshetError.self) {
            _ = try await client.query(Item.self, Self.query, policy: .cacheOnly)
        }
        #expect(error?.kind == .notFound)
    }

    @Test("What a mutation says that was under way when the cache was cleared does not get into it either")
    func clearedMutation() async throws {
        let server = Server()
        let client = server.client()
        let (asked, gate) = (Gate(), Gate())
        server.beforeMutation.withLock {
            $0 = {
                asked.open()
                await gate.wait()
            }
        }
        let hope: JSONValue = ["rename": ["__typename": "Item", "id": "1", "title": "hoped"]]
        let mutating = Task { try await client.mutate(Item.self, Self.mutation, optimistic: hope) }
        await asked.wait()
        await client.clearCache()
        gate.open()
        #expect(try await mutating.value.title == "renamed")
        #expect(try await Self.keptTitle(client) == nil)
    }

    @Test("A watch that was asking when the cache was cleared asks again, and shows nothing of before")
    func clearedWatch() async throws {
        let server = Server()
        let client = server.client()
        let (asked, gate) = (Gate(), Gate())
        server.beforeQuery.withLock {
            $0 = { [title = server.title] in
                let isFirst = title.withLock { $0 } == "one"
                asked.open()
                await gate.wait()
                title.withLock { $0 = isFirst ? "hers" : "his" }
            }
        }
        let watching = Task {
            var feed = client.watch(Item.self, Self.query).makeAsyncIterator()
            return try await feed.next()?.value?.title
        }
        await asked.wait()
        await client.clearCache()
        gate.open()
        #expect(try await watching.value == "his")
        #expect(server.queries == 2)
    }

    @Test("What comes of a feed that was open when the cache was cleared is not kept; iterated anew it is")
    func clearedFeed() async throws {
        let server = Server()
        let harness = ScriptedClient {
            $0.carrier = .http
            $0.http.transport = server.transport
            $0.http.middlewares = []
            $0.cache = GraphQLCacheConfiguration()
            $0.policy.linger = .seconds(3)
        }
        func event(_ id: Int, _ title: String) -> String {
            let item = #"{"__typename":"Item","id":"1","title":"\#(title)"}"#
            return #"{"id":"\#(id)","type":"next","payload":{"data":{"changed":\#(item)}}}"#
        }
        let feed = harness.client.subscribe(Item.self, "subscription { changed { id title } }")
        let hers = Listener(feed)
        let link = await harness.connect()
        _ = await link.nextDeed()
        link.receive(event(1, "hers"))
        #expect(await hers.next() == .update(Item(id: "1", title: "hers")))
        #expect(try await Self.keptTitle(harness.client) == "hers")
        await harness.client.clearCache()
        link.receive(event(1, "late"))
        #expect(await hers.next() == .update(Item(id: "1", title: "late")))
        #expect(try await Self.keptTitle(harness.client) == nil)
        await hers.leave()
        #expect(await link.nextDeed() == .complete(1))
        let his = Listener(feed)
        _ = await link.nextDeed()
        link.receive(event(2, "his"))
        #expect(await his.next() == .update(Item(id: "1", title: "his")))
        #expect(try await Self.keptTitle(harness.client) == "his")
        await his.leave()
    }

    @Test("Without a cache a policy that needs one is refused")
    func noCache() async throws {
        let server = Server()
        var configuration = GraphQLClientConfiguration()
        configuration.http.transport = server.transport
        let client = GraphQLClient(url: "wss://api.test/graphql", configuration: configuration)
        let error = await #expect(throws: FreshetError.self) {
            _ = try await client.query(Item.self, Self.query, policy: .cacheFirst)
        }
        #expect(error?.kind == .invalidInput)
    }
}
