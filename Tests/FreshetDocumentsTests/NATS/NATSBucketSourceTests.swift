// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import Testing

@testable import FreshetDocuments

/// Buckets: how a consumer's deliveries become a state and changes.
@Suite struct NATSBucketSourceTests {
    private typealias Talk = NATSConversation

    private static let listed = Talk.answer("i2", Talk.stream(1, 9))
    private static let progress = "progress 5 9@\(Talk.createdTime)"

    private static func begun(
        _ shape: NATSConsumption.Shape,
        _ start: NATSConsumption.Start = .lastPerSubject,
        pending: Int
    ) throws -> Talk {
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(shape, start))
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: pending)))
        return talk
    }

    @Test("The state is whole when nothing is left; then come changes")
    func filling() throws {
        var talk = try Self.begun(.documents, pending: 2)
        #expect(try talk.hear(Self.listed + Talk.delivery(2, 4, 1, pending: 1)) == [])
        #expect(try talk.hear(Talk.delivery(2, 9, 2)) == ["snapshot 5 v4,v9", Self.progress])
        #expect(try talk.hear(Talk.delivery(2, 10, 3)) == ["update 5 v10"])
    }

    @Test("While others write, the state is not whole before nothing is left: what they rewrote comes at the end")
    func writtenMeanwhile() throws {
        var talk = try Self.begun(.documents, pending: 2)
        // Number 9 was rewritten, and is 11 now.
        let said = try talk.hear(Self.listed + Talk.delivery(2, 4, 1, pending: 2) + Talk.delivery(2, 10, 2, pending: 1))
        #expect(said == ["say \(Self.look)"])
        #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, 11))) == [])
        // Only what had come when the stream was looked at is sure: that nothing is left may be counted wrongly.
        #expect(try talk.hear(Talk.delivery(2, 11, 3)) == ["say \(Self.look)"])
        let progress = "progress 5 11@\(Talk.createdTime + 11)"
        let state = try talk.hear(Talk.answer("i2", Talk.stream(1, 11)))
        #expect(state == ["snapshot 5 v4,v10,v11", progress])
    }

    @Test(
        "With a filter the end of the stream says nothing, so a state is whole when the server says that nothing is left"
    )
    func filtered() throws {
        var talk = try Talk.ready()
        let some = NATSConsumption(
            stream: "S",
            filter: "a.*",
            isWhole: false,
            start: .lastPerSubject,
            shape: .documents
        )
        #expect(talk.ask(5, .consume(some)).contains(#""deliver_policy":"last_per_subject""#))
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 2)) + Self.listed)
        _ = try talk.hear(Talk.delivery(2, 4, 1, pending: 2) + Talk.delivery(2, 10, 2, pending: 1))
        #expect(try talk.hear(Talk.delivery(2, 11, 3)).first == "snapshot 5 v4,v10,v11")
        #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, 30))) == [])
    }

    @Test("What is removed from the end of the stream meanwhile is not waited for")
    func removedAtItsEnd() throws {
        var talk = try Self.begun(.documents, pending: 3)
        #expect(try talk.hear(Self.listed + Talk.delivery(2, 4, 1, pending: 0)) == ["say \(Self.look)"])
        #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, 9))) == [])
        let said = try talk.hear(Talk.heartbeat(2, consumer: 1, stream: 4))
        #expect(said == ["speaks 5 10.0 seconds", "snapshot 5 v4", Self.progress])
    }

    private static let look = "PUB $JS.API.STREAM.INFO.S \(Talk.inbox).i2 0\r\n\r\n"

    @Test("Where there is always something left, a state is whole when all has come that was there at another look")
    func writtenWithoutEnd() throws {
        var talk = try Self.begun(.documents, pending: 2)
        let two = Talk.delivery(2, 4, 1, pending: 3) + Talk.delivery(2, 5, 2, pending: 3)
        #expect(try talk.hear(Self.listed + two) == ["say \(Self.look)"])
        // More is to come, and then there may be more again.
        #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, 12))) == [])
        #expect(try talk.hear(Talk.delivery(2, 11, 3, pending: 3)) == [])
        #expect(try talk.hear(Talk.delivery(2, 12, 4, pending: 3)) == ["say \(Self.look)"])
        #expect(try talk.hear(Talk.delivery(2, 13, 5, pending: 3)) == [])
        let state = try talk.hear(Talk.answer("i2", Talk.stream(1, 13)))
        #expect(state.first == "snapshot 5 v4,v5,v11,v12,v13")
        #expect(try talk.hear(Talk.delivery(2, 14, 6, pending: 3)) == ["update 5 v14"])
    }

    @Test("A server that cannot answer another look ends no feed: its state is listed again")
    func lookRefused() throws {
        var talk = try Self.begun(.documents, pending: 1)
        #expect(try talk.hear(Self.listed + Talk.delivery(2, 4, 1, pending: 1)) == ["say \(Self.look)"])
        let busy = #"{"error":{"code":503,"err_code":10008,"description":"temporarily unavailable"}}"#
        #expect(try talk.hear(Talk.answer("i2", busy)).last?.hasPrefix("interrupted 5 JetStream refused") == true)
    }

    @Test("A state that is long in coming says so; not while an answer is missing")
    func large() throws {
        var talk = try Self.begun(.documents, pending: 3)
        _ = try talk.hear(Self.listed)
        func part(_ number: Int) -> String {
            let value = String(repeating: "x", count: NATSConsumer.largePart)
            return Talk.message("s", 2, value, reply: "$JS.ACK.S.C.1.\(number).\(number).5.9")
        }
        #expect(try talk.hear(Talk.delivery(2, 1, 1, pending: 9)) == [])
        #expect(try talk.hear(part(2)) == ["speaks 5 10.0 seconds"])
        // As many as there were, and more is left.
        #expect(try talk.hear(part(3)) == ["say \(Self.look)"])
        #expect(try talk.hear(part(4)) == [])
        // A server that waits for an answer of ours goes on with it, and owes its own.
        let stalled = Talk.status(
            2,
            "100 Idle Heartbeat",
            "Nats-Last-Consumer: 4\r\nNats-Last-Stream: 4\r\nNats-Consumer-Stalled: $JS.FC.S.C.y\r\n"
        )
        #expect(try talk.hear(stalled).last == "speaks 5 10.0 seconds")
        #expect(try talk.hear(stalled).last?.hasPrefix("interrupted 5") == true)
    }

    @Test("A state ends, however fast others write")
    func writtenTooFast() throws {
        var talk = try Self.begun(.documents, pending: 1)
        var said = try talk.hear(Self.listed + Talk.delivery(2, 1, 1, pending: 9))
        var looks = 0
        for number in 2..<100 where said == ["say \(Self.look)"] {
            looks += 1
            #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, number))) == [])
            said = try talk.hear(Talk.delivery(2, number, number, pending: 9))
        }
        #expect(looks == NATSConsumer.mostLooks)
        #expect(said.first?.hasPrefix("snapshot 5 v1,v2,") == true)
    }

    @Test("All that is kept is asked for, and where that is more than the last of each subject the last of each alone")
    func histories() throws {
        var talk = try Talk.ready()
        let request = Talk.consume(.documents, .lastPerSubject)
        #expect(talk.ask(5, request).contains(#""deliver_policy":"all""#))
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 3)) + Talk.delivery(2, 1, 1, pending: 2))
        let said = try talk.hear(Talk.answer("i2", Talk.stream(1, 9, history: 5)))
        #expect(said.count == 1)
        #expect(said[0].hasPrefix("say UNSUB 2\r\n") && said[0].contains(#""deliver_policy":"last_per_subject""#))
        // What is still on its way for the first one means nothing.
        #expect(try talk.hear(Talk.delivery(2, 2, 2, pending: 1)) == [])
        _ = try talk.hear(Talk.answer("c3", Talk.consumer(pending: 1)))
        #expect(try talk.hear(Talk.answer("i3", Talk.stream(1, 9, history: 5))) == [])
        #expect(try talk.hear(Talk.delivery(3, 9, 1)).first == "snapshot 5 v9")
        // It is known then, until the stream is another one.
        #expect(talk.ask(6, request).contains(#""deliver_policy":"last_per_subject""#))
        _ = try talk.hear(Talk.answer("c4", Talk.consumer(pending: 1)) + Talk.answer("i4", Talk.stream(1, 9)))
        #expect(talk.ask(7, request).contains(#""deliver_policy":"all""#))
    }

    @Test("An empty bucket is a state too, and what is written before it is known comes after it")
    func empty() throws {
        var talk = try Self.begun(.documents, pending: 0)
        _ = try talk.hear(Talk.delivery(2, 10, 1))
        #expect(try talk.hear(Self.listed) == ["snapshot 5 ", Self.progress, "update 5 v10"])
    }

    @Test("A heartbeat says that nothing more comes, although less came than was said")
    func removedMeanwhile() throws {
        var talk = try Self.begun(.documents, pending: 3)
        _ = try talk.hear(Self.listed + Talk.delivery(2, 4, 1, pending: 2))
        let stalled = Talk.status(
            2,
            "100 Idle Heartbeat",
            "Nats-Last-Consumer: 1\r\nNats-Last-Stream: 4\r\nNats-Consumer-Stalled: $JS.FC.S.C.y\r\n"
        )
        #expect(try talk.hear(stalled) == ["say PUB $JS.FC.S.C.y 0\r\n\r\n", "speaks 5 10.0 seconds"])
        let said = try talk.hear(Talk.heartbeat(2, consumer: 1, stream: 9))
        #expect(said == ["speaks 5 10.0 seconds", "snapshot 5 v4", Self.progress])
    }

    @Test("A listing is one result, after which the consumer is left")
    func listing() throws {
        var talk = try Self.begun(.listing, pending: 1)
        #expect(try talk.hear(Self.listed + Talk.delivery(2, 4, 1)) == ["say UNSUB 2\r\n", "update 5 v4"])
        #expect(try talk.hear(Talk.delivery(2, 5, 2)) == [])
    }

    @Test("A state has a limit")
    func limit() throws {
        var talk = Talk { $0.stateLimit = 300 }
        _ = try talk.hear(Talk.info + "PONG\r\n")
        _ = talk.ask(5, Talk.consume(.documents, .lastPerSubject))
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 9)))
        _ = try talk.hear(Self.listed)
        let said = try (1...9).flatMap { try talk.hear(Talk.delivery(2, $0, $0, pending: 9 - $0)) }
        #expect(said == ["say UNSUB 2\r\n", "failed 5 messageTooLarge"])
    }

    @Test("Changes alone have no state; after a drop there is a gap, and then the state")
    func changesAlone() throws {
        var talk = try Talk.ready()
        let begins = talk.ask(5, Talk.consume(.documents, .new), from: NATSPosition.before(1).position)
        #expect(begins.contains(#""deliver_policy":"new""#))
        // From now on it has missed something when the connection breaks.
        let begun = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 0, at: 9)))
        #expect(begun == ["say \(Self.look)", "speaks 5 10.0 seconds", "progress 5 9@0"])
        #expect(try talk.hear(Self.listed) == [])
        #expect(try talk.hear(Talk.delivery(2, 10, 1)) == ["update 5 v10"])
        // The next connection.
        talk = try Talk.ready()
        let said = talk.ask(5, Talk.consume(.documents, .new), from: Position(text: "10@\(Talk.createdTime)"))
        #expect(said == "PUB \(Talk.inbox).s2 0\r\n\r\nPUB $JS.API.STREAM.INFO.S \(Talk.inbox).r2 0\r\n\r\n")
        let lost = try talk.hear(Talk.answer("r2", Talk.stream(1, 10)))
        #expect(lost.count == 2 && lost[1].hasPrefix("lost 5 unknown"))
        #expect(talk.ask(5, Talk.consume(.documents, .new)).contains(#""deliver_policy":"all""#))
    }

    @Test("Changes alone have begun when the first of them has come, whatever has been answered")
    func changesBeforeAnswers() throws {
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(.documents, .new), from: NATSPosition.before(1).position)
        #expect(try talk.hear(Talk.delivery(2, 10, 1)) == ["progress 5 0@0"])
        #expect(try talk.hear(Talk.answer("c2", Talk.consumer(pending: 0, at: 10, delivered: 1))).count == 2)
        #expect(try talk.hear(Self.listed) == ["update 5 v10"])
    }

    @Test("Without a position changes alone are listed: that their history is lost was told on a connection that broke")
    func brokenAgain() throws {
        var talk = try Talk.ready()
        #expect(talk.ask(5, Talk.consume(.documents, .new)).contains(#""deliver_policy":"all""#))
        let busy = #"{"error":{"code":503,"err_code":10008,"description":"temporarily unavailable"}}"#
        #expect(try talk.hear(Talk.answer("c2", busy)).last?.hasPrefix("interrupted 5 JetStream refused") == true)
    }

    @Test("A watch lists again wherever it was")
    func listsAgain() throws {
        var talk = try Talk.ready()
        let said = talk.ask(5, Talk.consume(.documents, .lastPerSubject), from: Position(text: "10@1"))
        #expect(said.contains(#""deliver_policy":"all""#))
    }

    // MARK: - Reading

    private static func entry(_ key: String, _ sequence: Int, _ value: String, _ headers: String = "") -> String {
        let reply = "$JS.ACK.KV_b.C.1.\(sequence).\(sequence).1.0"
        guard !headers.isEmpty else { return Talk.message("$KV.b.\(key)", 2, value, reply: reply) }
        let block = "NATS/1.0\r\n\(headers)\r\n\r\n"
        return
            "HMSG $KV.b.\(key) 2 \(reply) \(block.utf8.count) \(block.utf8.count + value.utf8.count)\r\n\(block)\(value)\r\n"
    }

    @Test("Of a state the last word about each key counts, in the order of the versions")
    func listingIsRead() throws {
        let state = [
            Talk.answer("i2", Talk.stream(1, 9)), Self.entry("a", 3, "old"), Self.entry("b.c", 4, "b"),
            Self.entry("gone", 5, "x"), Self.entry("gone", 6, "", "KV-Operation: DEL"), Self.entry("a", 12, "new"),
            Self.entry("p", 13, "", "KV-Operation: PURGE\r\nNats-Rollup: sub"), Self.entry("h", 14, "h", "X: y"),
        ].joined()
        let listing = try NATSBucketReader(bucket: "b").listing(Bytes(copying: state.utf8))
        #expect(
            listing.documents.map { "\($0.key) \($0.version) \($0.value.text)" } == ["b.c 4 b", "a 12 new", "h 14 h"]
        )
        #expect(listing.position == Position(text: "14@\(Talk.createdTime)"))
        #expect(listing.history == Talk.created)
    }

    @Test("What is no entry of the bucket is an error, and no trap")
    func unreadable() {
        let reader = NATSBucketReader(bucket: "b")
        for text in ["", "PING\r\n", "nonsense", Talk.message("$KV.b.a", 2, "x")] {
            #expect(throws: FreshetError.self) { _ = try reader.reader.changes(Bytes(copying: text.utf8)) }
            #expect(throws: FreshetError.self) { _ = try reader.listing(Bytes(copying: text.utf8)) }
        }
    }

    @Test("Versions of another history say nothing")
    func otherHistory() throws {
        var tracker = DocumentTracker(coding: .bytes, reader: NATSBucketReader(bucket: "b").reader)
        func state(_ created: String, _ value: String) -> FeedItem {
            let text = Talk.answer("i2", Talk.stream(1, 9, created: created)) + Self.entry("a", 1, value)
            return .snapshot(Bytes(copying: text.utf8))
        }
        _ = try tracker.event(state(Talk.created, "x"))
        #expect(try tracker.event(state(Talk.created, "x")).changes.isEmpty)
        let event = try tracker.event(state("2027-01-01T00:00:00Z", "y"))
        #expect(event.changes.map(\.key) == ["a"])
    }
}
