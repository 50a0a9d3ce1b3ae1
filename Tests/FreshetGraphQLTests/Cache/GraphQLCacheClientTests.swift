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
        let beforeMutation = Locked<@Sendable () async -> Void>({})
        let transport: ScriptedHTTPTransport

        init() {
            let (title, isDown, beforeMutation) = (self.title, self.isDown, self.beforeMutation)
            self.transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
                let text = call.body?.bytes?.text ?? ""
                if text.contains("mutation") { await beforeMutation.withLock { $0 }() }
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
