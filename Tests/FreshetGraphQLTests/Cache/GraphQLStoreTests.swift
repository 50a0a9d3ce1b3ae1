// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

@Suite(.timeLimit(.minutes(1)))
struct GraphQLStoreTests {
    private let store = GraphQLStore()
    private static let document = "query ($id: ID!) { item(id: $id) { id n } }"

    private func operation(_ id: Int) async throws -> GraphQLOperation {
        try await self.store.operation(Self.document, variables: ["id": .integer(Int64(id))])
    }

    private func result(_ id: Int, _ n: Int) -> String {
        #"{"__typename":"Query","item":{"__typename":"Item","id":\#(id),"n":\#(n)}}"#
    }

    private func write(_ id: Int, _ n: Int) async throws {
        try await self.store.write(CacheDriver.bytes(#"{"data":\#(result(id, n))}"#), try await operation(id))
    }

    @Test("A watch has what is there at first, and then every change of it")
    func watch() async throws {
        try await write(1, 1)
        var iterator = self.store.watch(try await operation(1)).makeAsyncIterator()
        #expect(await iterator.next()?.data?.text == result(1, 1))
        try await write(1, 2)
        #expect(await iterator.next()?.data?.text == result(1, 2))
        let event = try await self.store.operation("subscription { changed { id n } }")
        try await self.store.write(
            CacheDriver.bytes(#"{"data":{"changed":{"__typename":"Item","id":1,"n":3}}}"#),
            event
        )
        #expect(await iterator.next()?.data?.text == result(1, 3))
    }

    @Test("A watch begins with what is missing, where it is, and is told when that comes")
    func missing() async throws {
        var iterator = self.store.watch(try await operation(1)).makeAsyncIterator()
        let first = await iterator.next()
        #expect(first?.data == nil && first?.missing == "Query.__typename is not in the cache")
        try await write(1, 1)
        #expect(await iterator.next()?.data?.text == result(1, 1))
        await self.store.evict("Item:1")
        #expect(await iterator.next()?.missing == "Item:1 is not in the cache")
        await self.store.clear()
        try await write(1, 5)
        #expect(await iterator.next()?.data?.text == result(1, 5))
    }

    @Test("Changes that come faster than they are taken are one, the newest; what changes nothing is none")
    func coalesced() async throws {
        var iterator = self.store.watch(try await operation(1)).makeAsyncIterator()
        for n in 0..<100 { try await write(1, n) }
        #expect(await iterator.next()?.data?.text == result(1, 99))
        try await write(1, 100)
        try await write(1, 99)
        try await write(1, 99)
        try await write(1, 101)
        #expect(await iterator.next()?.data?.text == result(1, 101))
    }

    @Test("Only the watches that depend on what changed are told")
    func affected() async throws {
        for id in 0..<100 { try await write(id, 0) }
        var iterators: [GraphQLWatch.Iterator] = []
        for id in 0..<100 {
            var iterator = self.store.watch(try await operation(id)).makeAsyncIterator()
            #expect(await iterator.next()?.data?.text == result(id, 0))
            iterators.append(iterator)
        }
        try await write(7, 1)
        #expect(self.store.toldCount == 100 + 1)
        #expect(await iterators[7].next()?.data?.text == result(7, 1))
        try await write(8, 0)
        #expect(self.store.toldCount == 100 + 1, "nothing was different")
    }

    @Test("Never an old result after a new one, whoever writes meanwhile")
    func order() async throws {
        let store = self.store
        let operation = try await operation(1)
        let last = 500
        let writer = Task {
            for n in 1...last {
                try await store.write(
                    CacheDriver.bytes(
                        #"{"data":{"__typename":"Query","item":{"__typename":"Item","id":1,"n":\#(n)}}}"#
                    ),
                    operation
                )
            }
        }
        var before = 0
        for await read in store.watch(operation) {
            guard let text = read.data?.text, let n = Int(text.dropLast(2).split(separator: ":").last ?? "") else {
                continue
            }
            #expect(n > before)
            before = n
            if n == last { break }
        }
        try await writer.value
        #expect(before == last)
    }

    @Test("An optimistic result is seen at once, and does not flicker when the real one comes")
    func optimistic() async throws {
        try await write(1, 1)
        var iterator = self.store.watch(try await operation(1)).makeAsyncIterator()
        #expect(await iterator.next()?.data?.text == result(1, 1))
        let mutation = try await self.store.operation("mutation { add { id n } }")
        func payload(_ n: Int) -> Bytes {
            CacheDriver.bytes(#"{"data":{"__typename":"Mutation","add":{"__typename":"Item","id":1,"n":\#(n)}}}"#)
        }
        let first = try await self.store.optimistic(payload(2), mutation)
        #expect(await iterator.next()?.data?.text == result(1, 2))
        try await self.store.write(payload(2), mutation, replacing: first)
        let second = try await self.store.optimistic(payload(3), mutation)
        #expect(await iterator.next()?.data?.text == result(1, 3), "2 was not handed out again")
        await self.store.rollback(second)
        #expect(await iterator.next()?.data?.text == result(1, 2))
    }

    @Test("A watch that has learned that its fragment applies is told, though no object is different")
    func learned() async throws {
        let document = "{ item { id ... on Named { name } } }"
        let operation = try await self.store.operation(document)
        let plain = try await self.store.operation("{ item { id name } }")
        let payload = CacheDriver.bytes(
            #"{"data":{"__typename":"Query","item":{"__typename":"Item","id":1,"name":"a"}}}"#
        )
        try await self.store.write(payload, plain)
        var iterator = self.store.watch(operation).makeAsyncIterator()
        #expect(await iterator.next()?.data == nil)
        try await self.store.write(payload, operation)
        #expect(await iterator.next()?.data != nil)
    }

    @Test("What was asked before everything was forgotten is not written afterwards, nor is what was hoped for")
    func epochs() async throws {
        let operation = try await operation(1)
        let payload = CacheDriver.bytes(#"{"data":\#(result(1, 1))}"#)
        let before = self.store.epoch
        await self.store.clear()
        let layer = try await self.store.optimistic(payload, operation, epoch: before)
        #expect(await self.store.read(operation).data == nil)
        try await self.store.write(payload, operation, replacing: layer, epoch: before)
        #expect(await self.store.read(operation).data == nil)
        try await self.store.write(payload, operation, epoch: self.store.epoch)
        #expect(await self.store.read(operation).data?.text == result(1, 1))
    }

    @Test("A watch that is over is forgotten: at a break, at a cancellation, and when it is never iterated")
    func end() async throws {
        let operation = try await operation(1)
        let store = self.store
        for await _ in store.watch(operation) { break }
        #expect(store.watchCount == 0)
        _ = store.watch(operation)
        #expect(store.watchCount == 0)

        let (began, continuation) = AsyncStream<Void>.makeStream()
        let task = Task {
            for await _ in store.watch(operation) { continuation.yield() }
            return store.watchCount
        }
        for await _ in began { break }
        #expect(store.watchCount == 1)
        task.cancel()
        _ = await task.value
        #expect(store.watchCount == 0)
        try await write(1, 1)
    }
}
