// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// Buckets of a real NATS server.
@Suite(.timeLimit(.minutes(1)), .enabled(if: NATSServer.isInstalled))
struct NATSBucketTests {
    @Test("Documents are created, read, changed on condition, listed and deleted")
    func operations() async throws {
        let server = try await NATSServer()
        let client = server.client()
        try await client.createBucket("docs", NATSBucketConfiguration(history: 5))
        try await client.createBucket("docs", NATSBucketConfiguration(history: 5))
        let other = await failure { try await client.createBucket("docs") }
        #expect(other?.kind == .conflict(version: nil), "\(String(describing: other))")
        let docs = client.bucket("docs", of: NATSNote.self)

        let empty = try await docs.list()
        #expect(empty.documents == [] && empty.changes == [])
        #expect(await failure { _ = try await docs.get("a") }?.kind == .notFound)
        #expect(await failure { try await docs.delete("a") }?.kind == .notFound)
        #expect(
            await failure { _ = try await docs.update("a", NATSNote(text: "x"), ifVersion: "7") }?.kind == .notFound
        )

        let first = try await docs.create("a", NATSNote(text: "one"))
        #expect(
            await failure { _ = try await docs.create("a", NATSNote(text: "two")) }?.kind == .conflict(version: first)
        )
        let document = try await docs.get("a")
        #expect(document == Document(key: "a", version: first, value: NATSNote(text: "one")))
        let second = try await docs.update("a", NATSNote(text: "two"), ifVersion: first)
        let stale = await failure { _ = try await docs.update("a", NATSNote(text: "three"), ifVersion: first) }
        #expect(stale?.kind == .conflict(version: second))
        #expect(await failure { try await docs.delete("a", ifVersion: first) }?.kind == .conflict(version: second))

        try await docs.put("users/1.x", NATSNote(text: "u"))
        #expect(try await docs.list().documents.map(\.key) == ["a", "users/1.x"])
        #expect(try await docs.keys("users/1.*").list().documents.map(\.key) == ["users/1.x"])
        let history = try await docs.history(of: "a")
        #expect(history.map(\.operation) == [.put(NATSNote(text: "one")), .put(NATSNote(text: "two"))])

        try await docs.delete("a", ifVersion: second)
        #expect(await failure { _ = try await docs.get("a") }?.kind == .notFound)
        #expect(try await docs.history(of: "a").last?.operation == .deleted)
        let again = try await docs.create("a", NATSNote(text: "again"))
        #expect(try await docs.get("a").version == again)
        try await docs.purge("a")
        #expect(try await docs.history(of: "a").map(\.operation) == [.purged])
        #expect(try await docs.list().documents.map(\.key) == ["users/1.x"])

        try await client.deleteBucket("docs")
        let gone = await failure { _ = try await docs.list() }
        #expect(gone?.kind == .notFound, "\(String(describing: gone))")
        let nothing = await failure { _ = try await docs.get("a") }
        #expect(nothing?.kind == .notFound, "\(String(describing: nothing))")
        await client.close()
        server.stop()
    }

    @Test(
        "A watch begins with the state and goes on with each change; a later one has no more to catch up with than is there"
    )
    func watch() async throws {
        let server = try await NATSServer()
        let client = server.client()
        try await client.createBucket("docs")
        let docs = client.bucket("docs", of: NATSNote.self)
        var events = docs.watch().makeAsyncIterator()
        #expect(try await events.next()?.changes == [])

        let one = try await docs.put("a", NATSNote(text: "one"))
        let a = Document(key: "a", version: one, value: NATSNote(text: "one"))
        #expect(try await events.next() == .update([.added(a)]))
        let two = try await docs.put("a", NATSNote(text: "two"))
        let newer = Document(key: "a", version: two, value: NATSNote(text: "two"))
        #expect(try await events.next() == .update([.modified(newer, previous: a)]))
        try await docs.put("b", NATSNote(text: "b"))
        _ = try await events.next()
        try await docs.delete("a")
        #expect(try await events.next() == .update([.removed(key: "a", version: "4", previous: newer)]))

        var later = docs.watch().makeAsyncIterator()
        guard case .snapshot(let snapshot)? = try await later.next() else { throw Unexpected() }
        #expect(snapshot.documents.map(\.key) == ["b"])
        var now = docs.watch(from: .now).makeAsyncIterator()
        let next = Task { try await now.next() }
        var more = docs.watch(from: .now, bookmarks: true).makeAsyncIterator()
        #expect(try await more.next() == .update([]))
        next.cancel()
        _ = try? await next.value
        try await docs.put("c", NATSNote(text: "c"))
        #expect(try await more.next()?.changes.map(\.key) == ["c"])
        #expect(try await later.next()?.changes.map(\.key) == ["c"])
        await client.close()
        server.stop()
    }

    struct Unexpected: Error {}

    /// A watch that is away while `deed` is done; what it then hears, up to a state.
    private func away(
        from start: DocumentStart = .snapshot,
        _ deed: (NATSClient, NATSBucket<NATSNote>) async throws -> Void
    ) async throws -> [DocumentEvent<NATSNote>] {
        let server = try await NATSServer()
        let (watching, writing) = (server.client(), server.client())
        try await writing.createBucket("docs")
        let docs = writing.bucket("docs", of: NATSNote.self)
        try await docs.put("a", NATSNote(text: "a"))
        try await docs.put("b", NATSNote(text: "b"))
        var events = watching.bucket("docs", of: NATSNote.self).watch(from: start, bookmarks: true).makeAsyncIterator()
        _ = try await events.next()
        var states = watching.connectionStates.makeAsyncIterator()
        watching.hint(.suspend)
        while let state = await states.next(), state != .suspended {}
        try await deed(writing, docs)
        watching.hint(.resume)
        var heard: [DocumentEvent<NATSNote>] = []
        while let event = try await events.next() {
            if event != .update([]) { heard.append(event) }
            if case .snapshot = event { break }
        }
        await watching.close()
        await writing.close()
        server.stop()
        return heard
    }

    @Test("A key whose mark of deletion was purged while nobody watched is removed")
    func purgedMarker() async throws {
        let heard = try await self.away { client, docs in
            try await docs.delete("a")
            try await client.purgeStream("KV_docs", subject: "$KV.docs.a")
        }
        #expect(heard.count == 2)
        guard case .gap(let gap)? = heard.first else { throw Unexpected() }
        #expect(gap.cause == .unknown)
        #expect(heard.last?.changes.map(\.key) == ["a"])
        guard case .removed? = heard.last?.changes.first else { throw Unexpected() }
    }

    @Test(
        "A bucket that was made anew while nobody watched is not taken for the old one, although its versions are the same"
    )
    func recreated() async throws {
        let heard = try await self.away { client, docs in
            try await client.deleteBucket("docs")
            try await client.createBucket("docs")
            try await docs.put("a", NATSNote(text: "another"))
            try await docs.put("c", NATSNote(text: "c"))
        }
        let a = Document(key: "a", version: "1", value: NATSNote(text: "a"))
        let another = Document(key: "a", version: "1", value: NATSNote(text: "another"))
        let c = Document(key: "c", version: "2", value: NATSNote(text: "c"))
        let b = Document(key: "b", version: "2", value: NATSNote(text: "b"))
        #expect(
            heard.last?.changes == [
                .removed(key: "b", version: "2", previous: b), .modified(another, previous: a), .added(c),
            ]
        )
    }

    @Test("What began with changes alone gets the whole state after its first gap")
    func nowAfterGap() async throws {
        let heard = try await self.away(from: .now) { _, docs in try await docs.put("a", NATSNote(text: "newer")) }
        #expect(heard.count == 2)
        guard case .gap? = heard.first, case .snapshot(let snapshot)? = heard.last else { throw Unexpected() }
        #expect(snapshot.documents.map(\.value.text) == ["b", "newer"])
    }

    @Test("While others rewrite them, no document is missing in a state", arguments: [1, 5] as [Int])
    func rewritten(history: Int) async throws {
        let server = try await NATSServer()
        // The server waits for the watch's word every 2 MB: through this one it is long in coming.
        let proxy = try FaultProxy(to: server.url)
        proxy.conditions.latency = .milliseconds(20)
        let (watching, writing) = (server.client(proxy.url), server.client())
        try await writing.createBucket("docs", NATSBucketConfiguration(history: history))
        let docs = writing.bucket("docs", of: NATSNote.self)
        let (count, padding) = (2000, String(repeating: "x", count: 4000))
        /// Eight writers at once, each with keys of its own.
        func write(_ key: @escaping @Sendable (Int, inout SeededRandom) -> Int?) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        var (random, round) = (SeededRandom(UInt64(writer)), 0)
                        while let key = key(round, &random) {
                            try await docs.put("k\(key * 8 + writer)", NATSNote(text: "\(round)" + padding))
                            round += 1
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        try await write { round, _ in round < count / 8 ? round : nil }
        let isOver = Locked(false)
        // Any of them: some that are not delivered yet, while others, which are, are rewritten too.
        let writers = Task {
            try await write { isOver.withLock { $0 } ? nil : Int.random(in: 0..<count / 8, using: &$1) }
        }
        for _ in 0..<10 {
            var events = watching.bucket("docs", of: NATSNote.self).watch().makeAsyncIterator()
            guard case .snapshot(let snapshot)? = try await events.next() else { throw Unexpected() }
            #expect(snapshot.documents.count == count)
        }
        isOver.withLock { $0 = true }
        try await writers.value
        await watching.close()
        await writing.close()
        proxy.stop()
        server.stop()
    }
}
