// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetFirebase

/// Whole clients on scripted connections, in virtual time.
@Suite(.timeLimit(.minutes(1)))
struct RealtimeClientTests {
    private typealias Talk = RealtimeConversation

    private static func kind(_ body: () async throws -> Void) async -> FreshetError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? FreshetError)?.kind
        }
    }

    // MARK: - Requests

    @Test("A write whose answer does not come has an unknown outcome, and is not sent again")
    func brokenWrite() async {
        let scripted = RealtimeScripted()
        let write = Task { await Self.kind { try await scripted.database.reference("a").set(["x": 1]) } }
        let link = await scripted.ready(1)
        #expect(await link.nextDeed() == .sent(#"{"t":"d","d":{"r":1,"a":"p","b":{"p":"/a","d":{"x":1}}}}"#))
        link.fail()
        #expect(await write.value == .outcomeUnknown)
        await scripted.database.close()
        #expect(scripted.transport.dialCount == 1)
    }

    @Test("One that takes too long has an unknown outcome too; a question says that it took too long")
    func late() async {
        let scripted = RealtimeScripted()
        let write = Task { await Self.kind { try await scripted.database.reference("a").update(["b/c": 1]) } }
        let link = await scripted.ready(1)
        #expect(await link.nextDeed() == .sent(#"{"t":"d","d":{"r":1,"a":"m","b":{"p":"/a","d":{"b/c":1}}}}"#))
        await scripted.clock.expire(.seconds(10))
        #expect(await write.value == .outcomeUnknown)
        let read = Task { await Self.kind { _ = try await scripted.database.reference("a").get(as: Int.self) } }
        _ = await link.nextDeed()
        await scripted.clock.expire(.seconds(10))
        #expect(await read.value == .timeout(.total))
        await scripted.database.close()
    }

    @Test("A write that was done, and whose filled-in values cannot be read, says so: it is not to be done again")
    func writtenAndNotRead() async throws {
        let scripted = RealtimeScripted()
        let children = scripted.database.reference("a").children(of: JSONValue.self)
        let write = Task { try await children.put("x", RealtimeValue.increment(by: 1)) }
        let link = await scripted.ready(1)
        #expect(
            await link.nextDeed()
                == .sent(#"{"t":"d","d":{"r":1,"a":"p","b":{"p":"/a/x","d":{".sv":{"increment":1}}}}}"#)
        )
        link.receive(Talk.ok(1))
        #expect(await link.nextDeed() == .sent(#"{"t":"d","d":{"r":2,"a":"g","b":{"p":"/a/x","q":{}}}}"#))
        link.receive(Talk.no(2, "permission_denied"))
        let error = await #expect(throws: FreshetError.self) { try await write.value }
        #expect(error?.kind == .outcomeUnknown)
        #expect(error?.message.hasPrefix("a/x was written") == true)
        await scripted.database.close()
    }

    @Test("A question is asked again on the next connection, which names the last session")
    func askedAgain() async throws {
        let scripted = RealtimeScripted()
        let read = Task { try await scripted.database.reference("a").get(as: [String: Int].self) }
        let first = await scripted.ready(1)
        #expect(first.target.endpoint.target == "/.ws?v=5&ns=demo")
        _ = await first.nextDeed()
        first.fail()
        await scripted.clock.expire(.milliseconds(125))
        let second = await scripted.ready(2)
        #expect(second.target.endpoint.target == "/.ws?v=5&ls=s1&ns=demo")
        #expect(await second.nextDeed() == .sent(#"{"t":"d","d":{"r":2,"a":"g","b":{"p":"/a","q":{}}}}"#))
        // Numbered children are an array, unless names are wanted.
        second.receive(Talk.ok(2, #"{"1":7}"#))
        #expect(try await read.value == ["1": 7])
        await scripted.database.close()
    }

    @Test("A long message goes out in segments")
    func segments() async throws {
        let scripted = RealtimeScripted()
        let text = String(repeating: "é", count: 20_000)
        let write = Task { try await scripted.database.reference("a").set(text) }
        let link = await scripted.ready(1)
        #expect(await link.nextDeed() == .sent("2"))
        guard case .sent(let first) = await link.nextDeed(), case .sent(let second) = await link.nextDeed() else {
            return
        }
        #expect(first.utf16.count == 16_384)
        #expect(first + second == #"{"t":"d","d":{"r":1,"a":"p","b":{"p":"/a","d":"\#(text)"}}}"#)
        link.receive("2", #"{"t":"d","d":{"r":1,"b":{"#, #""s":"ok","d":""}}}"#)
        try await write.value
        await scripted.database.close()
    }

    @Test("A transaction is tried again with the value that others have put there, and gives up after so many times")
    func transaction() async throws {
        var configuration = RealtimeDatabaseConfiguration()
        configuration.transactionAttempts = 2
        let scripted = RealtimeScripted("http://127.0.0.1:1", configuration)
        let database = scripted.database
        let count = Task { try await database.reference("n").transaction(of: Int.self) { ($0 ?? 0) + 1 } }
        let link = await scripted.ready(1)
        _ = await link.nextDeed()
        link.receive(Talk.ok(1, "null"))
        #expect(await link.nextDeed() == .sent(#"{"t":"d","d":{"r":2,"a":"p","b":{"p":"/n","d":1,"h":""}}}"#))
        link.receive(Talk.no(2, "datastale"))
        _ = await link.nextDeed()
        link.receive(Talk.ok(3, "4"))
        let hash = "eVih19a6ZDz3NL32uVBtg9KSgQY="
        #expect(await link.nextDeed() == .sent(#"{"t":"d","d":{"r":4,"a":"p","b":{"p":"/n","d":5,"h":"\#(hash)"}}}"#))
        link.receive(Talk.ok(4))
        #expect(try await count.value == 5)
        let late = Task { await Self.kind { try await database.reference("n").transaction(of: Int.self) { _ in nil } } }
        for number in [5, 7] {
            _ = await link.nextDeed()
            link.receive(Talk.ok(number, "1"))
            _ = await link.nextDeed()
            link.receive(Talk.no(number + 1, "datastale"))
        }
        #expect(await late.value == .conflict(version: nil))
        await database.close()
    }

    @Test("What cannot be is told before anything is connected")
    func refused() async {
        let scripted = RealtimeScripted()
        let root = scripted.database.reference()
        #expect(await Self.kind { try await root.child("a.b").set(1) } == .invalidInput)
        #expect(await Self.kind { try await root.child("a").set(["x#": 1]) } == .invalidInput)
        #expect(await Self.kind { try await root.child("a").set(Double.nan) } == .invalidInput)
        #expect(await Self.kind { try await root.update([:]) } == .invalidInput)
        #expect(await Self.kind { _ = try await root.child(".info/connected").get(as: Bool.self) } == .invalidInput)
        #expect(await Self.kind { _ = try await root.limited(toFirst: 0).get(as: Int.self) } == .invalidInput)
        let dropping = root.observe(as: Int.self, delivery: DeliveryPolicy(.dropOldest))
        #expect(await Self.kind { for try await _ in dropping {} } == .invalidInput)
        #expect(
            await Self.kind { for try await _ in root.child("$").children(of: Int.self).watch() {} } == .invalidInput
        )
        let nowhere = RealtimeDatabase(url: "https://host/path").reference("a")
        #expect(await Self.kind { try await nowhere.set(1) } == .invalidInput)
        #expect(await Self.kind { for try await _ in nowhere.children(of: Int.self).watch() {} } == .invalidInput)
        #expect(scripted.transport.dialCount == 0)
    }

    // MARK: - The connection

    @Test("A server that sends a client elsewhere before it greets is followed at once, and remembered")
    func redirected() async throws {
        let scripted = RealtimeScripted("https://my-app.firebaseio.com")
        let read = Task { try await scripted.database.reference("a").get(as: Int.self) }
        let first = await scripted.transport.dial(1)
        first.open(subprotocol: nil)
        first.receive(#"{"t":"c","d":{"t":"r","d":"s-usc1.firebaseio.com"}}"#)
        let second = await scripted.ready(2, Talk.hello(host: "s-usc2.firebaseio.com", session: "x"))
        #expect(await first.nextDeed() == .abandon)
        #expect(second.target.endpoint.host == "s-usc1.firebaseio.com")
        #expect(second.target.endpoint.target == "/.ws?v=5&ns=my-app")
        _ = await second.nextDeed()
        second.fail()
        await scripted.clock.expire(.milliseconds(125))
        // A host that cannot be had is not tried again.
        let third = await scripted.transport.dial(3)
        #expect(third.target.endpoint.host == "s-usc2.firebaseio.com")
        third.fail(FreshetError(.unreachable, "no"))
        await scripted.clock.expire(.milliseconds(250))
        let fourth = await scripted.ready(4)
        #expect(fourth.target.endpoint.host == "my-app.firebaseio.com")
        _ = await fourth.nextDeed()
        fourth.receive(Talk.ok(2, "1"))
        #expect(try await read.value == 1)
        await scripted.database.close()
    }

    @Test("A server that sends a client around in circles is given up")
    func circles() async {
        let scripted = RealtimeScripted()
        let read = Task { await Self.kind { _ = try await scripted.database.reference("a").get(as: Int.self) } }
        for number in 1...6 {
            let link = await scripted.transport.dial(number)
            link.open(subprotocol: nil)
            link.receive(#"{"t":"c","d":{"t":"r","d":"127.0.0.1:2"}}"#)
        }
        #expect(await read.value == .interrupted)
        await scripted.database.close()
    }

    @Test("After 45 s without a word one is said; a word in either direction begins them anew")
    func silence() async throws {
        let scripted = RealtimeScripted()
        let database = scripted.database
        let (heard, continuation) = AsyncStream<Int?>.makeStream()
        let feed = Task {
            for try await event in database.reference("a").observe(as: Int.self) {
                continuation.yield(event.value ?? nil)
            }
        }
        var values = heard.makeAsyncIterator()
        let link = await scripted.ready(1)
        _ = await link.nextDeed()
        await scripted.clock.expire(.seconds(45))
        #expect(await link.nextDeed() == .sent("0"))
        await scripted.clock.advance(by: .seconds(30))
        link.receive(Talk.data("a", "1"), Talk.ok(1))
        #expect(await values.next() == 1)
        await scripted.clock.advance(by: .seconds(15))
        await scripted.clock.expire(.seconds(30))
        #expect(await link.nextDeed() == .sent("0"))
        feed.cancel()
        await database.close()
    }

    @Test(
        "A connection is not replaced ahead of its token's end: what is asked for its end would be done without a word"
    )
    func notReplaced() async throws {
        let credentials = Credentials.bearer("owner", lifetime: .seconds(60))
        let scripted = RealtimeScripted(
            "http://127.0.0.1:1",
            RealtimeDatabaseConfiguration(credentials: { _ in credentials })
        )
        let database = scripted.database
        let first = Task { try await database.reference("a").get(as: Int.self) }
        let link = await scripted.ready(1)
        #expect(await link.nextDeed() == .sent(#"{"t":"d","d":{"r":1,"a":"gauth","b":{"cred":"owner"}}}"#))
        link.receive(Talk.ok(1))
        _ = await link.nextDeed()
        link.receive(Talk.ok(2, "1"))
        #expect(try await first.value == 1)
        let second = Task { try await database.reference("a").get(as: Int.self) }
        _ = await link.nextDeed()
        scripted.clock.jump(by: .seconds(59))
        link.receive(Talk.ok(3, "2"))
        _ = try? await second.value
        #expect(scripted.transport.dialCount == 1)
        await database.close()
    }

    @Test("Whether the server is there is told as it changes, and how its clock stands")
    func connected() async throws {
        let scripted = RealtimeScripted()
        let database = scripted.database
        var states = database.connected.makeAsyncIterator()
        #expect(await states.next() == false)
        #expect(database.clockOffset == nil)
        let feed = Task { for try await _ in database.reference("a").observe(as: Int.self) {} }
        let link = await scripted.ready(1)
        #expect(await states.next() == true)
        // The greeting of this test is of 2023.
        #expect(try #require(database.clockOffset) < .seconds(-1_000_000))
        link.fail()
        #expect(await states.next() == false)
        feed.cancel()
        await database.close()
        #expect(await states.next() == nil)
    }
}
