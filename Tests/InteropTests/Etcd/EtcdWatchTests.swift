// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTransport
import Testing

/// Watching a real etcd over its WebSocket.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EtcdWatchTests {
    @Test("First the state, then every change, one transaction at a time")
    func basics() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "w/")
        _ = try await texts.put("w/a", "1")
        _ = try await client.texts(under: "").put("elsewhere", "x")
        let log = EtcdLog(texts.watch())
        #expect(await log.first(1) == [.snapshot(["w/a": "1"])])
        let put = try await texts.put("w/b", "2")
        _ = try await client.texts(under: "").put("elsewhere", "y")
        var transaction = EtcdTransaction()
        for number in 1...5 { try transaction.put("w/t\(number)", "\(number)", coding: .text) }
        transaction.delete("w/a")
        let committed = try await client.commit(transaction)
        let puts = (1...5).map { "w/t\($0)=\($0)" }
        #expect(
            await log.first(3).dropFirst() == [.update(put, ["w/b=2"]), .update(committed, puts + ["-w/a"])]
        )
        log.stop()
        await client.close()
    }

    @Test("From now on there are only changes, with what was there before; after a position everything since")
    func starts() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "s/")
        let first = try await texts.put("s/a", "1")
        let second = try await texts.put("s/a", "2")
        let third = try await texts.put("s/a", "3")
        let position = Position(number: try #require(Int64(first)))
        var events = texts.watch(from: .after(position)).makeAsyncIterator()
        #expect(
            try await events.next()
                == .update([
                    .modified(
                        Document(key: "s/a", version: second, value: "2"),
                        previous: Document(key: "s/a", version: first, value: "1")
                    )
                ])
        )
        #expect(try await events.next()?.changes.first?.version == third)
        let log = EtcdLog(texts.watch(from: .now))
        // Nothing says when "now" is but what comes: so it is written until something does.
        var number = 0
        while log.all.isEmpty {
            number += 1
            _ = try await texts.put("s/n", "\(number)")
        }
        guard case .update(_, let changes)? = log.all.first else {
            Issue.record("the state, though only changes were asked for")
            return
        }
        #expect(changes.first?.hasPrefix("s/n=") == true)
        await client.close()
    }

    @Test("A position that etcd has compacted is a gap, and then the state")
    func compacted() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "c/")
        for number in 1...10 { _ = try await texts.put("c/a", "\(number)") }
        let last = try await texts.put("c/b", "x")
        try await server.compact(at: last)
        let log = EtcdLog(texts.watch(from: .after(Position(number: 3))))
        #expect(await log.first(2) == [.gap(.compacted), .snapshot(["c/a": "10", "c/b": "x"])])
        let next = try await texts.put("c/c", "y")
        #expect(await log.first(3).last == .update(next, ["c/c=y"]))
        await client.close()
    }

    @Test("A position that the server has never reached is a gap, and then the state, never silence")
    func future() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "f/")
        _ = try await texts.put("f/a", "1")
        let log = EtcdLog(texts.watch(from: .after(Position(number: 1_000_000))))
        #expect(await log.first(2) == [.gap(.historyLost), .snapshot(["f/a": "1"])])
        let next = try await texts.put("f/b", "2")
        #expect(await log.first(3).last == .update(next, ["f/b=2"]))
        await client.close()
    }

    @Test(
        "A server that was restarted goes on without a gap; one that was wiped is a gap, and its state replaces the old one"
    )
    func restarts() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "x/")
        for number in 1...5 { _ = try await texts.put("x/\(number)", "old") }
        let log = EtcdLog(texts.watch())
        _ = await log.first(1)
        try await server.restart()
        let next = try await texts.put("x/6", "new")
        #expect(await log.first(2).last == .update(next, ["x/6=new"]))
        try await server.restart(wiped: true)
        _ = try await texts.put("x/1", "other")
        await log.until { $0.contains(.gap(.historyLost)) && log.state == ["x/1": "other"] }
        #expect(log.error == nil)
        let last = try await texts.put("x/2", "more")
        await log.until { $0.last == .update(last, ["x/2=more"]) }
        #expect(log.state == ["x/1": "other", "x/2": "more"])
        await client.close()
    }

    @Test("What is filtered out does not come; several prefixes live on one connection")
    func filters() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let (left, right) = (client.texts(under: "l/"), client.texts(under: "r/"))
        let puts = EtcdLog(left.watch(without: [.deletes]))
        let deletes = EtcdLog(left.watch(without: [.puts]))
        let others = EtcdLog(right.watch())
        for log in [puts, deletes, others] { #expect(await log.first(1) == [.snapshot([:])]) }
        let put = try await left.put("l/a", "1")
        try await left.delete("l/a")
        let again = try await left.put("l/a", "2")
        let other = try await right.put("r/a", "3")
        #expect(await puts.first(3).dropFirst() == [.update(put, ["l/a=1"]), .update(again, ["l/a=2"])])
        guard case .update(_, ["-l/a"])? = await deletes.first(2).last else {
            Issue.record("no removal: \(deletes.all)")
            return
        }
        #expect(await others.first(2).last == .update(other, ["r/a=3"]))
        #expect(deletes.all.count == 2)
        for await health in client.health(every: .seconds(60)) {
            #expect(health.connects == 1)
            break
        }
        await client.close()
    }

    @Test("An idle watch says where it stands, and a bookmark hands that on")
    func progress() async throws {
        guard let server = try await EtcdServer.start(["--experimental-watch-progress-notify-interval", "100ms"]) else {
            return
        }
        let client = server.client()
        let idle = client.texts(under: "idle/")
        let feed = idle.watch(bookmarks: true).positioned
        let other = try await client.texts(under: "").put("elsewhere", "x")
        let wanted = Position(number: try #require(Int64(other)))
        var sawSnapshot = false
        for try await event in feed {
            if case .snapshot = event.element { sawSnapshot = true }
            guard event.element == .update([]), event.position == wanted else { continue }
            break
        }
        #expect(sawSnapshot)
        await client.close()
    }

    @Test("A document of another shape ends the feed, with its name; as bytes it is handed out")
    func undecodable() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        _ = try await client.texts(under: "").put("u/a", "not json")
        let error = await failure {
            for try await _ in client.documents([String: Int].self, under: "u/").watch() {}
        }
        #expect(error?.kind == .decoding)
        #expect(error?.message.contains("u/a") == true)
        var bytes = client.documents(Bytes.self, under: "u/", coding: .bytes).watch().makeAsyncIterator()
        guard case .snapshot(let snapshot)? = try await bytes.next() else {
            Issue.record("no state")
            return
        }
        #expect(snapshot.documents.map(\.value.text) == ["not json"])
        await client.close()
    }

    @Test(
        "Catching up with large documents in transactions, in fragments, keeps every revision whole"
    )
    func catchUp() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "g/")
        let large = String(repeating: "x", count: 60_000)
        let first = try await texts.put("g/first", "1")
        var expected: [EtcdLog.Seen] = []
        for round in 1...40 {
            var transaction = EtcdTransaction()
            for part in 1...3 { try transaction.put("g/\(part)", "\(round)\(large)", coding: .text) }
            let version = try await client.commit(transaction)
            expected.append(.update(version, (1...3).map { "g/\($0)=\(round)\(large)" }))
        }
        let log = EtcdLog(texts.watch(from: .after(Position(number: try #require(Int64(first))))))
        await log.until { $0.count >= 40 }
        #expect(log.all == expected)
        await client.close()
    }

    @Test("Ten thousand watches on one connection all hear of their documents")
    func manyWatches() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let count = 10_000
        let ready = Locked(0)
        let heard = Locked(0)
        try await withThrowingTaskGroup { group in
            for number in 0..<count {
                let texts = client.texts(under: "m/\(number)/")
                group.addTask {
                    for try await event in texts.watch(from: .after(Position(number: 1))) {
                        guard case .update(let changes) = event else { continue }
                        if changes.first?.key == "m/\(number)/ready" { ready.withLock { $0 += 1 } } else { break }
                    }
                    heard.withLock { $0 += 1 }
                }
            }
            group.addTask {
                for kind in ["ready", "go"] {
                    for start in stride(from: 0, to: count, by: 100) {
                        var transaction = EtcdTransaction()
                        for number in start..<start + 100 {
                            try transaction.put("m/\(number)/\(kind)", "", coding: .text)
                        }
                        _ = try await client.commit(transaction)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(heard.withLock { $0 } == count)
        #expect(ready.withLock { $0 } == count)
        await client.close()
    }
}
