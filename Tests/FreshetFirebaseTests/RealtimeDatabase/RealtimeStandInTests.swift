// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetFirebase

/// A whole client and the stand-in, over real sockets: by WebSocket, and by HTTP where that is refused.
@Suite(.timeLimit(.minutes(1)))
struct RealtimeStandInTests {
    enum Carrier: CaseIterable {
        case webSocket, http
    }

    struct User: Codable, Sendable, Equatable {
        var name: String
        var age: Int
    }

    static func server(_ carrier: Carrier = .webSocket) throws -> RealtimeDatabaseServer {
        let server = try RealtimeDatabaseServer()
        if carrier == .http { server.faults.refusesWebSocket = 404 }
        return server
    }

    static func client(
        _ server: RealtimeDatabaseServer,
        token: String? = nil,
        url: String? = nil
    ) -> RealtimeDatabase {
        var configuration = RealtimeDatabaseConfiguration()
        configuration.policy.backoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
        configuration.policy.waitsForFirstConnection = true
        if let token { configuration.credentials = { _ in .bearer(token) } }
        return RealtimeDatabase(url: url ?? server.url, configuration: configuration)
    }

    static func kind(_ body: () async throws -> Void) async -> FreshetError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? FreshetError)?.kind
        }
    }

    // MARK: - Values

    @Test("Values are put, read, changed at several places, pushed, and taken away", arguments: Carrier.allCases)
    func values(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        let database = Self.client(server)
        let users = database.reference("users")
        #expect(try await users.child("1").get(as: User.self) == nil)
        try await users.child("1").set(User(name: "Ada é漢😀", age: 36))
        #expect(try await users.child("1").get(as: User.self) == User(name: "Ada é漢😀", age: 36))
        try await database.reference().update(["users/1/age": 37, "log/a": true])
        #expect(server.value(at: "") == ["users": [nil, ["name": "Ada é漢😀", "age": 37]], "log": ["a": true]])
        let pushed = try await users.push(User(name: "Bob", age: 1))
        #expect(pushed.path == "users/\(try #require(pushed.key))")
        #expect(try await users.get(as: [String: User].self)?.count == 2)
        try await users.child("big").set(9_007_199_254_740_993)
        #expect(try await users.child("big").get(as: Int64.self) == 9_007_199_254_740_993)
        try await users.child("count").set(RealtimeValue.increment(by: 2))
        try await users.child("count").set(RealtimeValue.increment(by: 3))
        #expect(server.value(at: "users/count") == 5)
        try await users.child("at").set(RealtimeValue.timestamp)
        #expect(try #require(try await users.child("at").get(as: Int64.self)) > 1_700_000_000_000)
        try await users.delete()
        #expect(server.value(at: "users") == nil)
        #expect(await Self.kind { _ = try await database.reference("log/a").get(as: User.self) } == .decoding)
        await database.close()
        server.stop()
    }

    @Test("A query is about some children, in its order", arguments: Carrier.allCases)
    func queries(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        server.set(["a": ["n": 3], "b": ["n": 1], "c": ["n": 2], "d": ["n": "x"], "e": ["m": 0]], at: "q")
        let database = Self.client(server)
        let place = database.reference("q")
        func keys(_ query: RealtimeReference) async throws -> [String] {
            try await query.children(of: JSONValue.self).list().documents.map(\.key)
        }
        #expect(try await keys(place.ordered(by: .child("n"))) == ["e", "b", "c", "a", "d"])
        #expect(try await keys(place.ordered(by: .child("n")).starting(at: 1).limited(toFirst: 2)) == ["b", "c"])
        #expect(try await keys(place.ordered(by: .child("n")).ending(before: 3).limited(toLast: 1)) == ["c"])
        #expect(try await keys(place.ordered(by: .child("n")).equal(to: "x")) == ["d"])
        #expect(try await keys(place.ordered(by: .key).starting(after: "b").ending(at: "d")) == ["c", "d"])
        await database.close()
        server.stop()
    }

    @Test("Each of many who count at once is counted", arguments: Carrier.allCases)
    func transactions(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        let clients = (0..<3).map { _ in Self.client(server) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients {
                group.addTask {
                    for _ in 0..<10 {
                        try await client.reference("n").transaction(of: Int.self) { ($0 ?? 0) + 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.value(at: "n") == 30)
        let left = try await clients[0].reference("n").transaction(of: Int.self) { _ in nil }
        #expect(left == nil)
        #expect(server.value(at: "n") == nil)
        let stopped = await Self.kind {
            try await clients[0].reference("n").transaction(of: Int.self) { _ throws(FreshetError) in
                throw FreshetError(.cancelled, "not today")
            }
        }
        #expect(stopped == .cancelled)
        for client in clients { await client.close() }
        server.stop()
    }

    @Test("Children are documents with versions", arguments: Carrier.allCases)
    func documents(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        let database = Self.client(server)
        let users = database.reference("users").children(of: User.self)
        let first = try await users.create("1", User(name: "Ada", age: 36))
        #expect(await Self.kind { try await users.create("1", User(name: "Eve", age: 1)) } == .conflict(version: first))
        #expect(try await users.get("1").version == first)
        let second = try await users.update("1", User(name: "Ada", age: 37), ifVersion: first)
        #expect(first != second)
        #expect(
            await Self.kind { try await users.update("1", User(name: "Ada", age: 38), ifVersion: first) }
                == .conflict(version: second)
        )
        #expect(await Self.kind { try await users.delete("1", ifVersion: first) } == .conflict(version: second))
        try await users.delete("1", ifVersion: second)
        #expect(await Self.kind { try await users.delete("1") } == .notFound)
        #expect(await Self.kind { _ = try await users.get("1") } == .notFound)
        #expect(
            await Self.kind { try await users.update("1", User(name: "Ada", age: 38), ifVersion: second) }
                == .conflict(version: nil)
        )
        await database.close()
        server.stop()
    }

    // MARK: - Watching

    @Test("What is observed is handed out as it changes, by whomever", arguments: Carrier.allCases)
    func observe(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        server.set(["a": 1], at: "p")
        let (database, other) = (Self.client(server), Self.client(server))
        var feed = database.reference("p").observe(as: JSONValue.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(["a": 1]))
        try await other.reference("p/b/c").set(2)
        #expect(try await feed.next() == .update(["a": 1, "b": ["c": 2]]))
        try await database.reference("p").update(["a": nil, "b/d": 3])
        #expect(try await feed.next() == .update(["b": ["c": 2, "d": 3]]))
        try await other.reference("p").set("whole")
        #expect(try await feed.next() == .snapshot("whole"))
        try await other.reference().set(["x": 1])
        #expect(try await feed.next() == .snapshot(nil))
        await database.close()
        await other.close()
        server.stop()
    }

    @Test("A query's children come into it and go out of it", arguments: Carrier.allCases)
    func watchQuery(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        server.set(["a": 1, "b": 2, "c": 3], at: "p")
        let database = Self.client(server)
        let largest = database.reference("p").ordered(by: .value).limited(toLast: 2).children(of: Int.self)
        var feed = largest.watch().makeAsyncIterator()
        func next() async throws -> Set<String> {
            Set(try await feed.next()?.changes.map { "\($0.key)=\($0.document?.value.description ?? "gone")" } ?? [])
        }
        #expect(try await next() == ["b=2", "c=3"])
        server.set(9, at: "p/a")
        #expect(try await next() == ["a=9", "b=gone"])
        server.set(nil, at: "p/c")
        #expect(try await next() == ["b=2", "c=gone"])
        await database.close()
        server.stop()
    }

    @Test("After a drop there is a gap, and then what is there", arguments: Carrier.allCases)
    func drop(_ carrier: Carrier) async throws {
        let server = try Self.server(carrier)
        server.set(["a": 1], at: "p")
        let database = Self.client(server)
        let place = database.reference("p")
        var feed = place.observe(as: [String: Int].self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(["a": 1]))
        server.drop()
        guard case .gap(let gap)? = try await feed.next() else { throw FreshetError(.interrupted, "there was no gap") }
        #expect(gap.cause == .unknown)
        #expect(try await feed.next() == .snapshot(["a": 1]))
        // Over the WebSocket it was not sent again.
        #expect(server.unchangedCount == (carrier == .webSocket ? 1 : 0))
        server.set(2, at: "p/a")
        #expect(try await feed.next() == .update(["a": 2]))
        await database.close()
        server.stop()
    }

    @Test("Places that are observed several times are asked for once")
    func shared() async throws {
        let server = try Self.server()
        server.set(1, at: "p")
        let database = Self.client(server)
        var feeds = (0..<5).map { _ in database.reference("p").observe(as: Int.self).makeAsyncIterator() }
        for place in feeds.indices { #expect(try await feeds[place].next() == .snapshot(1)) }
        server.set(2, at: "p")
        for place in feeds.indices { #expect(try await feeds[place].next() == .snapshot(2)) }
        #expect(server.actions.filter { $0 == "q" }.count == 1)
        feeds = []
        _ = try await database.reference("p").get(as: Int.self)
        #expect(server.actions.filter { $0 == "n" }.count == 1)
        await database.close()
        server.stop()
    }

    @Test("When the connection is gone the server does what it was asked for, and not what was taken back")
    func presence() async throws {
        let server = try Self.server()
        let (here, other) = (Self.client(server), Self.client(server))
        let place = here.reference("presence/me")
        try await place.set("online")
        try await place.onDisconnect.set(RealtimeValue.timestamp)
        try await here.reference("presence").onDisconnect.update(["x/y": 7])
        try await here.reference("kept").set(1)
        try await here.reference("kept").onDisconnect.delete()
        try await here.reference("kept").onDisconnect.cancel()
        var feed = other.reference("presence/x/y").observe(as: Int.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(nil))
        await here.close()
        #expect(try await feed.next() == .snapshot(7))
        guard case .integer? = server.value(at: "presence/me") as JSONValue? else {
            throw FreshetError(.decoding, "no time")
        }
        #expect(server.value(at: "kept") == 1)
        await other.close()
        server.stop()
    }

    @Test("Over HTTP there is nothing for when the connection is gone, and it is said")
    func noPresence() async throws {
        let server = try Self.server(.http)
        let database = Self.client(server)
        let kind = await Self.kind { try await database.reference("a").onDisconnect.set(1) }
        guard case .operationFailed? = kind else { throw FreshetError(.decoding, "it was \(kind as Any)") }
        await database.close()
        server.stop()
    }
}
