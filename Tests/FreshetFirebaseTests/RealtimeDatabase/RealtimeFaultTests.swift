// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetFirebase

/// A client, and a stand-in that does what it should not.
@Suite(.timeLimit(.minutes(2)))
struct RealtimeFaultTests {
    private typealias World = RealtimeStandInTests

    @Test("Everything in segments of three letters is what it would be in one piece")
    func segments() async throws {
        let server = try World.server()
        server.faults.segmentLength = 3
        server.set(["a": "é漢😀", "b": [1, nil, 2.5]], at: "p")
        let database = World.client(server)
        var feed = database.reference("p").observe(as: JSONValue.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(["a": "é漢😀", "b": [1, nil, 2.5]]))
        try await database.reference("p/a").set(String(repeating: "😀", count: 20_000))
        guard case .update(.object(let members)?)? = try await feed.next() else {
            throw FreshetError(.decoding, "there was no update")
        }
        #expect(members["a"] == .string(String(repeating: "😀", count: 20_000)))
        await database.close()
        server.stop()
    }

    @Test("What is sent twice is handed out once")
    func doubled() async throws {
        let server = try World.server()
        server.faults.doublesPushes = true
        let database = World.client(server)
        var feed = database.reference("p").children(of: Int.self).watch().makeAsyncIterator()
        #expect(try await feed.next()?.changes.isEmpty == true)
        for count in 1...5 {
            server.set(.integer(Int64(count)), at: "p/k\(count)")
            #expect(try await feed.next()?.changes.map(\.key) == ["k\(count)"])
        }
        await database.close()
        server.stop()
    }

    @Test("A write that is acknowledged before it is told is seen all the same, once, and never reverts")
    func acknowledgedFirst() async throws {
        let server = try World.server()
        server.faults.acknowledgesFirst = true
        let database = World.client(server)
        var feed = database.reference("p").observe(as: Int.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(nil))
        for count in 1...5 {
            try await database.reference("p").set(count)
            #expect(try await feed.next() == .snapshot(count))
        }
        await database.close()
        server.stop()
    }

    @Test(
        "A write that is done while the connection breaks has an unknown outcome, and is done once",
        arguments: World.Carrier.allCases
    )
    func broken(_ carrier: RealtimeStandInTests.Carrier) async throws {
        let server = try World.server(carrier)
        server.faults.breaksAfterWrite = true
        let database = World.client(server)
        let kind = await World.kind { try await database.reference("n").set(RealtimeValue.increment(by: 1)) }
        #expect(kind == .outcomeUnknown)
        server.faults.breaksAfterWrite = false
        #expect(try await database.reference("n").get(as: Int.self) == 1)
        await database.close()
        server.stop()
    }

    @Test("A server that does not answer, or does not greet, is told by the time that it takes")
    func silent() async throws {
        let server = try World.server()
        server.faults.answersNothing = true
        var configuration = RealtimeDatabaseConfiguration()
        configuration.requestTimeout = .milliseconds(200)
        configuration.policy.acknowledge = .milliseconds(200)
        let database = RealtimeDatabase(url: server.url, configuration: configuration)
        #expect(await World.kind { _ = try await database.reference("n").get(as: Int.self) } == .timeout(.total))
        #expect(await World.kind { try await database.reference("n").set(1) } == .outcomeUnknown)
        await database.close()
        server.faults.isMute = true
        configuration.requestTimeout = .seconds(30)
        let other = RealtimeDatabase(url: server.url, configuration: configuration)
        #expect(await World.kind { _ = try await other.reference("n").get(as: Int.self) } == .timeout(.acknowledge))
        await other.close()
        server.stop()
    }

    @Test("Other credentials that the WebSocket was given are those of requests too, and are not renewed once more")
    func oneRenewal() async throws {
        let server = try World.server(.http)
        server.require(["token0"])
        let number = Locked(0)
        var configuration = RealtimeDatabaseConfiguration { reason in
            let token = number.withLock { number in
                if reason != .connecting { number += 1 }
                return "token\(number)"
            }
            if reason != .connecting { server.allow(token) }
            return .bearer(token)
        }
        configuration.policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(20))
        let database = RealtimeDatabase(url: server.url, configuration: configuration)
        var feed = database.reference("p").observe(as: Int.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(nil))
        // By HTTP the first one, by WebSocket the second one, and by HTTP again.
        server.faults.refusesWebSocket = nil
        server.revoke("token0")
        server.set(1, at: "p")
        while try await feed.next() != .snapshot(1) {}
        server.faults.refusesWebSocket = 503
        server.set(2, at: "p")
        server.drop()
        while try await feed.next() != .snapshot(2) {}
        server.set(3, at: "p")
        while try await feed.next() != .snapshot(3) {}
        #expect(number.withLock { $0 } == 1)
        await database.close()
        server.stop()
    }

    @Test(
        "What is none of the protocol ends the connection with an error that says so",
        arguments: ["<html>", "[1]", #"{"t":"d","d":{"a":"d","b":{"p":"p"}}}"#, "-1", #"{"t":"d","d":{"a":"d""#]
    )
    func nonsense(_ text: String) async throws {
        let server = try World.server()
        let database = World.client(server)
        var feed = database.reference("p").observe(as: Int.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(nil))
        server.say(text)
        #expect(await World.kind { _ = try await feed.next() } == .protocolViolation)
        await database.close()
        server.stop()
    }

    @Test("A server that sends its clients to another host is followed, before it greets and later")
    func redirected() async throws {
        let (first, second) = (try World.server(), try World.server())
        first.faults.redirect = second.authority
        second.set("here", at: "p")
        first.set("there", at: "p")
        let database = World.client(first)
        var feed = database.reference("p").observe(as: String.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot("here"))
        first.faults.redirect = nil
        second.say(#"{"t":"c","d":{"t":"r","d":"\#(first.authority)"}}"#)
        guard case .gap? = try await feed.next() else { throw FreshetError(.decoding, "there was no gap") }
        #expect(try await feed.next() == .snapshot("there"))
        await database.close()
        first.stop()
        second.stop()
    }

    @Test("A server that shuts down for good ends the feed")
    func shutDown() async throws {
        let server = try World.server()
        let database = World.client(server)
        var feed = database.reference("p").observe(as: Int.self).makeAsyncIterator()
        _ = try await feed.next()
        server.say(#"{"t":"c","d":{"t":"s","d":"over"}}"#)
        let kind = await World.kind { _ = try await feed.next() }
        guard case .operationFailed? = kind else { throw FreshetError(.decoding, "it was \(kind as Any)") }
        await database.close()
        server.stop()
    }

    @Test("Keep-alives, and a missing index, change nothing")
    func harmless() async throws {
        for carrier in World.Carrier.allCases {
            let server = try World.server(carrier)
            server.faults.hasNoIndex = true
            let database = World.client(server)
            var feed = database.reference("p").observe(as: Int.self).makeAsyncIterator()
            #expect(try await feed.next() == .snapshot(nil))
            server.keepAlive()
            server.say("0")
            server.set(1, at: "p")
            #expect(try await feed.next() == .snapshot(1))
            await database.close()
            server.stop()
        }
    }

    @Test("Where there are neither WebSockets nor events, it is said")
    func nothing() async throws {
        let server = try World.server(.http)
        server.faults.refusesEvents = 404
        let database = RealtimeDatabase(url: server.url)
        let kind = await World.kind { for try await _ in database.reference("p").observe(as: Int.self) {} }
        guard case .operationFailed? = kind else { throw FreshetError(.decoding, "it was \(kind as Any)") }
        // The same connection has reads and writes.
        try await database.reference("p").set(1)
        #expect(try await database.reference("p").get(as: Int.self) == 1)
        await database.close()
        server.stop()
    }

    // MARK: - Cuts

    @Test(
        "Whatever is cut, what is watched ends with what is there, and the changes lead there",
        arguments: [1, 2, 3, 4, 5, 6] as [UInt64]
    )
    func cuts(_ seed: UInt64) async throws {
        let server = try World.server(seed % 3 == 0 ? .http : .webSocket)
        if seed % 2 == 0 { server.faults.segmentLength = 100 }
        let port = try #require(Int(server.authority.split(separator: ":")[1]))
        let proxy = try CuttingProxy(to: port, cuts: 25, bytes: 6000, seed: seed)
        let database = World.client(server, url: "http://127.0.0.1:\(proxy.port)?ns=test")
        let writer = Task {
            var random = SeededRandom(seed)
            var count = 0
            // So long that every cut falls into it.
            while proxy.statistics.connections <= 25, count < 50_000 {
                let key = "k\(Int.random(in: 0..<20, using: &random))"
                let isGone = Int.random(in: 0..<4, using: &random) == 0
                server.set(isGone ? nil : .integer(Int64(count)), at: "p/\(key)")
                count += 1
                // At a pace: whoever writes as fast as it can keeps the tests beside this one from their turns.
                try? await Task.sleep(for: .milliseconds(1))
            }
            server.set("end", at: "p/end")
        }
        var state: [String: JSONValue] = [:]
        var gaps = 0
        for try await event in database.reference("p").children(of: JSONValue.self).watch() {
            if case .gap = event { gaps += 1 }
            for change in event.changes {
                switch change {
                case .added(let document): #expect(state.updateValue(document.value, forKey: document.key) == nil)
                case .modified(let document, let previous):
                    #expect(state.updateValue(document.value, forKey: document.key) == previous?.value)
                case .removed(let key, _, let previous): #expect(state.removeValue(forKey: key) == previous?.value)
                }
            }
            if case .snapshot(let all) = event {
                #expect(state == Dictionary(uniqueKeysWithValues: all.documents.map { ($0.key, $0.value) }))
            }
            if state["end"] != nil { break }
        }
        await writer.value
        #expect(JSONValue.object(state) == server.value(at: "p"), "seed \(seed)")
        #expect(gaps > 0, "seed \(seed)")
        await database.close()
        proxy.stop()
        server.stop()
    }
}
