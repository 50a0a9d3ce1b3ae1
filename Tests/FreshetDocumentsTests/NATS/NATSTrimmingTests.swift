// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import Testing

@testable import FreshetDocuments

/// Messages that a stream removes before they are delivered, while the feed lives.
@Suite struct NATSTrimmingTests {
    private typealias Talk = NATSConversation

    private static let speaks = "speaks 5 10.0 seconds"
    private static let look = "say PUB $JS.API.STREAM.INFO.S \(Talk.inbox).i2 0\r\n\r\n"

    /// A feed of messages that stands at number 3.
    private static func live(filter: String? = nil, pending: Int = 0) throws -> Talk {
        var talk = try Talk.ready()
        let messages = NATSConsumption(stream: "S", filter: filter, start: .first, shape: .messages)
        _ = talk.ask(5, .consume(messages), from: NATSPosition.before(1).position)
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: pending, at: 3)))
        #expect(try talk.hear(Self.state(1, 3)) == [Self.progress(3, Talk.createdTime)])
        return talk
    }

    private static func state(_ first: Int, _ last: Int, retention: String = "limits") -> String {
        Talk.answer("i2", Talk.stream(first, last, retention: retention))
    }

    private static func progress(_ sequence: Int, _ time: UInt64) -> String { "progress 5 \(sequence)@\(time)" }

    private static func lost(_ first: Int, _ last: Int) -> [String] {
        ["say UNSUB 2\r\n", "lost 5 compacted: the stream S does not keep its messages \(first) to \(last) any more"]
    }

    private static func stalled(consumer: Int, stream: Int) -> String {
        let fields = "Nats-Last-Consumer: \(consumer)\r\nNats-Last-Stream: \(stream)\r\n"
        return Talk.status(2, "100 Idle Heartbeat", fields + "Nats-Consumer-Stalled: $JS.FC.S.C.y\r\n")
    }

    @Test(
        "Messages that were trimmed before they were delivered are a gap, and then the feed begins with what there is"
    )
    func trimmed() throws {
        var talk = try Self.live()
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try talk.hear(Self.state(8, 9)) == Self.lost(4, 7))
        #expect(talk.ask(5, Talk.consume(.messages)).contains(#""deliver_policy":"all""#))
    }

    @Test("Messages that were deleted one by one are none, as long as the stream begins no later", arguments: [1, 4])
    func deleted(_ first: Int) throws {
        var talk = try Self.live()
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try talk.hear(Self.state(first, 9)) == ["update 5 v9"])
        #expect(try talk.hear(Talk.delivery(2, 10, 2)) == ["update 5 v10"])
    }

    @Test("One question at a time is asked, and its answer is taken for what had come before it")
    func oneQuestion() throws {
        var talk = try Self.live()
        #expect(try talk.hear(Talk.delivery(2, 5, 1)) == [Self.look])
        #expect(try talk.hear(Talk.delivery(2, 6, 2) + Talk.delivery(2, 8, 3) + Talk.delivery(2, 11, 4)) == [])
        #expect(try talk.hear(Self.state(1, 11)) == [Self.look, "update 5 v5", "update 5 v6"])
        var trimmed = talk
        #expect(try talk.hear(Self.state(7, 11)) == ["update 5 v8", "update 5 v11"])
        #expect(try trimmed.hear(Self.state(8, 11)) == Self.lost(7, 7))
    }

    @Test("What came before the hole is handed out, and the gap begins there")
    func held() throws {
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(.messages), from: NATSPosition.before(1).position)
        _ = try talk.hear(Talk.delivery(2, 1, 1) + Talk.delivery(2, 2, 2) + Talk.delivery(2, 7, 3))
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 0, at: 7, delivered: 3)))
        let gap = Self.lost(3, 5)
        #expect(try talk.hear(Self.state(6, 7)) == [gap[0], "update 5 v1", "update 5 v2", gap[1]])
    }

    @Test("Messages that a heartbeat leaves behind are looked into as well, and what comes meanwhile waits")
    func leftBehind() throws {
        var talk = try Self.live()
        #expect(try talk.hear(Talk.heartbeat(2, consumer: 0, stream: 9)) == [Self.look, Self.speaks])
        var purged = talk
        #expect(try purged.hear(Self.state(10, 9)) == Self.lost(4, 9))
        #expect(try talk.hear(Talk.delivery(2, 10, 1)) == [])
        #expect(try talk.hear(Self.state(1, 10)) == [Self.progress(9, Talk.createdTime), "update 5 v10"])
    }

    @Test("A consumer that stands where its stream has not come yet has no position there")
    func future() throws {
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(.messages), from: NATSPosition.before(10).position)
        _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 0, at: 9)))
        #expect(try talk.hear(Self.state(1, 3)) == [])
        #expect(try talk.hear(Talk.heartbeat(2, consumer: 0, stream: 9)) == [Self.look, Self.speaks])
        #expect(try talk.hear(Self.state(1, 3)) == [])
        #expect(try talk.hear(Talk.delivery(2, 10, 1)) == ["update 5 v10"])
    }

    // MARK: - With a filter

    @Test("With a filter holes are others' messages, as long as nothing was waiting")
    func filtered() throws {
        var talk = try Self.live(filter: "a.*")
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == ["update 5 v9"])
        let progress = Self.progress(20, Talk.createdTime + 9)
        #expect(try talk.hear(Talk.heartbeat(2, consumer: 1, stream: 20)) == [Self.speaks, progress])
        #expect(try talk.hear(Talk.delivery(2, 25, 2)) == ["update 5 v25"])
    }

    @Test("With a filter too messages that were waiting, and were trimmed, are a gap")
    func filteredBehind() throws {
        var talk = try Self.live(filter: "a.*", pending: 2)
        var purged = talk
        #expect(try purged.hear(Talk.heartbeat(2, consumer: 0, stream: 9)) == [Self.look, Self.speaks])
        #expect(try purged.hear(Self.state(10, 9)) == Self.lost(4, 9))
        // More were waiting before it.
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try talk.hear(Self.state(4, 9)) == ["update 5 v9"])
        #expect(try talk.hear(Talk.delivery(2, 11, 2)) == ["update 5 v11"])
        // More are waiting behind it.
        #expect(try talk.hear(Talk.delivery(2, 20, 3, pending: 1)) == [Self.look])
        #expect(try talk.hear(Self.state(18, 21)) == Self.lost(12, 17))
    }

    @Test("With a filter, a consumer that waited for an answer of ours is one with which messages were waiting")
    func filteredStalled() throws {
        var talk = try Self.live(filter: "a.*")
        #expect(try talk.hear(Self.stalled(consumer: 0, stream: 3)).last == Self.speaks)
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try talk.hear(Self.state(9, 9)) == Self.lost(4, 8))
    }

    @Test(
        "Where messages go when they were read, others' that went are no gap; what is missing without a filter is one"
    )
    func interest() throws {
        var filtered = try Self.live(filter: "a.*", pending: 1)
        #expect(try filtered.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try filtered.hear(Self.state(9, 9, retention: "interest")) == ["update 5 v9"])
        var whole = try Self.live()
        #expect(try whole.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try whole.hear(Self.state(9, 9, retention: "interest")) == Self.lost(4, 8))
    }

    // MARK: - Answers that do not help

    @Test("Where the answer does not come, the consumer is made again; what was held comes again")
    func unanswered() throws {
        var talk = try Self.live()
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        #expect(try talk.hear(Talk.heartbeat(2, consumer: 1, stream: 9)) == [Self.speaks])
        let said = try talk.hear(Talk.heartbeat(2, consumer: 1, stream: 9))
        #expect(said.count == 2 && said[0] == "say UNSUB 2\r\n" && said[1].hasPrefix("interrupted 5"))
        // The feed stands where it stood.
        let position = Position(text: "3@\(Talk.createdTime)")
        #expect(talk.ask(5, Talk.consume(.messages), from: position).contains(#""opt_start_seq":4"#))
    }

    @Test("The numbers of another stream by that name say nothing")
    func anotherStream() throws {
        var talk = try Self.live()
        #expect(try talk.hear(Talk.delivery(2, 9, 1)) == [Self.look])
        let other = Talk.answer("i2", Talk.stream(1, 9, created: "2027-01-01T00:00:00Z"))
        #expect(try talk.hear(other).last?.hasPrefix("interrupted 5") == true)
    }
}
