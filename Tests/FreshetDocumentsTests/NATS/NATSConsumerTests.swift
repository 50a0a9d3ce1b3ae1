// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import Testing

@testable import FreshetDocuments

/// Consumers, as the source makes them and hears of them.
@Suite struct NATSConsumerTests {
    private typealias Talk = NATSConversation

    private static let speaks = "speaks 5 10.0 seconds"

    /// A feed of messages that lives, with number 2.
    private static func live(
        from position: Position? = nil,
        _ stream: String = Talk.stream(1, 3),
        _ consumer: String = Talk.consumer(pending: 0, at: 3),
        between: String = ""
    ) throws -> (Talk, [String]) {
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(.messages), from: position)
        _ = try talk.hear(Talk.answer("c2", consumer))
        let said = try talk.hear(between + Talk.answer("i2", stream))
        return (talk, said)
    }

    @Test("It is subscribed before it is made, and the stream is looked at after that")
    func making() throws {
        var talk = try Talk.ready()
        let said = talk.ask(5, Talk.consume(.messages, .new))
        let ours = "PUB \(Talk.inbox).s2 0\r\n\r\n"
        let begin = "\(ours)SUB \(Talk.inbox).d.2 2\r\nPUB $JS.API.CONSUMER.CREATE.S \(Talk.inbox).c2 "
        #expect(said.hasPrefix(begin))
        // A server that never answers is missed.
        #expect(try talk.hear(Talk.answer("s2", "")) == [Self.speaks])
        for part in [
            #""deliver_policy":"new""#, #""flow_control":true"#, #""idle_heartbeat":5000000000"#,
            #""ack_policy":"none""#,
            #""max_deliver":1"#, #""deliver_subject":"\#(Talk.inbox).d.2""#,
        ] { #expect(said.contains(part)) }
        let created = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 0, at: 3)))
        #expect(created == ["say PUB $JS.API.STREAM.INFO.S \(Talk.inbox).i2 0\r\n\r\n", Self.speaks])
        let checked = try talk.hear(Talk.answer("i2", Talk.stream(1, 3)))
        #expect(checked == ["progress 5 3@\(Talk.createdTime)"])
        #expect(try talk.hear(Talk.delivery(2, 4, 1)) == ["update 5 v4"])
    }

    @Test("Deliveries that come before the answers wait for them, and come in order")
    func early() throws {
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(.messages))
        #expect(try talk.hear(Talk.delivery(2, 1, 1, pending: 2)) == [])
        let created = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 2, at: 1, delivered: 1)))
        #expect(created.count == 2)
        #expect(try talk.hear(Talk.delivery(2, 4, 2, pending: 1)) == [])
        // No position where it stands already further than what was handed out. What came after the question needs another one: the
        // messages before it may have been trimmed since.
        let state = Talk.answer("i2", Talk.stream(1, 5))
        #expect(try talk.hear(state) == ["say PUB $JS.API.STREAM.INFO.S \(Talk.inbox).i2 0\r\n\r\n", "update 5 v1"])
        #expect(try talk.hear(Talk.delivery(2, 5, 3)) == [])
        #expect(try talk.hear(state) == ["update 5 v4", "update 5 v5"])
    }

    @Test("A hole in the consumer's numbers makes it anew; one in the stream's means nothing, once the stream says so")
    func holes() throws {
        var (talk, _) = try Self.live()
        #expect(try talk.hear(Talk.delivery(2, 7, 1)).count == 1)
        #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, 7))) == ["update 5 v7"])
        let said = try talk.hear(Talk.delivery(2, 8, 3) + Talk.delivery(2, 9, 4))
        #expect(said.count == 2 && said[0] == "say UNSUB 2\r\n" && said[1].hasPrefix("interrupted 5"))
        let again = talk.ask(5, Talk.consume(.messages), from: Position(text: "7@9"))
        #expect(again.contains("SUB \(Talk.inbox).d.3 3\r\n"))
        #expect(again.contains(#""deliver_policy":"by_start_sequence""#) && again.contains(#""opt_start_seq":8"#))
        #expect(try talk.hear(Talk.delivery(2, 10, 5)) == [])
    }

    @Test("A heartbeat says that the feed lives and where it stands; one that counts more makes it anew")
    func heartbeats() throws {
        var (talk, _) = try Self.live()
        #expect(try talk.hear(Talk.heartbeat(2, consumer: 0, stream: 3)) == [Self.speaks])
        #expect(try talk.hear(Talk.heartbeat(2, consumer: 0, stream: 6)).last == Self.speaks)
        #expect(try talk.hear(Talk.answer("i2", Talk.stream(1, 6))) == ["progress 5 6@\(Talk.createdTime)"])
        let said = try talk.hear(Talk.heartbeat(2, consumer: 1, stream: 7))
        #expect(said.last?.hasPrefix("interrupted 5") == true)
    }

    @Test("Flow control is answered behind what came before it; a stalled consumer is set going")
    func flowControl() throws {
        var (talk, _) = try Self.live()
        let flow = Talk.status(2, "100 FlowControl Request", reply: "$JS.FC.S.C.x")
        #expect(try talk.hear(Talk.delivery(2, 4, 1) + flow) == ["update 5 v4", "say PUB $JS.FC.S.C.x 0\r\n\r\n"])
        let stalled = Talk.status(
            2,
            "100 Idle Heartbeat",
            "Nats-Last-Consumer: 1\r\nNats-Last-Stream: 4\r\nNats-Consumer-Stalled: $JS.FC.S.C.y\r\n"
        )
        #expect(try talk.hear(stalled) == ["say PUB $JS.FC.S.C.y 0\r\n\r\n", Self.speaks])
    }

    @Test("Any other status of a consumer makes it anew")
    func deleted() throws {
        var (talk, _) = try Self.live()
        #expect(try talk.hear(Talk.status(2, "409 Consumer Deleted")).last?.hasPrefix("interrupted 5") == true)
    }

    @Test("An answer that does not come is waited for until the second heartbeat")
    func unanswered() throws {
        for isMade in [false, true] {
            var talk = try Talk.ready()
            _ = talk.ask(5, Talk.consume(.messages, .new))
            if isMade { _ = try talk.hear(Talk.answer("c2", Talk.consumer(pending: 0, at: 3))) }
            let heartbeat = Talk.heartbeat(2, consumer: 0, stream: 3)
            #expect(try talk.hear(heartbeat) == [Self.speaks])
            let said = try talk.hear(heartbeat)
            #expect(said.count == 2 && said[0] == "say UNSUB 2\r\n" && said[1].hasPrefix("interrupted 5"))
        }
    }

    @Test("What waits for an answer has a limit")
    func heldLimit() throws {
        // One delivery has 53 bytes.
        var talk = Talk { $0.heldLimit = 100 }
        _ = try talk.hear(Talk.info + "PONG\r\n")
        _ = talk.ask(5, Talk.consume(.messages))
        #expect(try talk.hear(Talk.delivery(2, 1, 1)) == [])
        let said = try talk.hear(Talk.delivery(2, 2, 2))
        #expect(said.count == 2 && said[0] == "say UNSUB 2\r\n" && said[1].hasPrefix("interrupted 5"))
    }

    // MARK: - Resuming

    private static func position(_ sequence: Int, at time: UInt64 = Talk.createdTime) -> Position {
        Position(text: "\(sequence)@\(time)")
    }

    @Test("A stream that keeps what comes next goes on without a word")
    func resumed() throws {
        let (_, said) = try Self.live(from: Self.position(3), Talk.stream(2, 5))
        #expect(said == [])
    }

    @Test("What a feed asks for at its beginning is no position that it has reached")
    func beginning() throws {
        let position = NATSPosition.before(5).position
        var talk = try Talk.ready()
        #expect(talk.ask(5, Talk.consume(.messages), from: position).contains(#""opt_start_seq":5"#))
        // The stream begins later, and is younger than anything: that is no gap.
        let later = try Self.live(from: position, Talk.stream(8, 9), Talk.consumer(pending: 2, at: 7)).1
        #expect(later == ["progress 5 7@\(Talk.createdTime)"])
        // It ends before: nothing is known that would have to be there again.
        #expect(try Self.live(from: position, Talk.stream(1, 2), Talk.consumer(pending: 0, at: 4)).1 == [])
        #expect(NATSPosition.before(0) == NATSPosition.before(1))
    }

    @Test("A stream that ends before the position, or is younger, is another one")
    func anotherStream() throws {
        let shorter = try Self.live(from: Self.position(9)).1
        #expect(shorter.last == "lost 5 historyLost: the stream S has been made anew since")
        let younger = try Self.live(from: Self.position(2, at: Talk.createdTime - 1)).1
        #expect(younger.last == "lost 5 historyLost: the stream S has been made anew since")
        let mirror = try Self.live(from: Self.position(2, at: 1), Talk.stream(1, 3, mirror: true)).1
        #expect(mirror == [])
    }

    @Test("Messages that are gone are named; after that the feed begins with what there is")
    func compacted() throws {
        var (talk, said) = try Self.live(from: Self.position(2), Talk.stream(6, 8))
        #expect(
            said == ["say UNSUB 2\r\n", "lost 5 compacted: the stream S does not keep its messages 3 to 5 any more"]
        )
        #expect(talk.ask(5, Talk.consume(.messages, .new)).contains(#""deliver_policy":"all""#))
        // The next one, which was delivered before the stream was looked at, shows that nothing was missed.
        let held = Talk.delivery(2, 3, 1, pending: 5)
        #expect(try Self.live(from: Self.position(2), Talk.stream(6, 8), between: held).1 == ["update 5 v3"])
    }

    @Test("Numbers that no server has make no trap")
    func absurdNumbers() throws {
        let most = UInt64.max
        var talk = try Talk.ready()
        _ = talk.ask(5, Talk.consume(.messages))
        let consumer = #"{"num_pending":\#(most),"delivered":{"consumer_seq":\#(most),"stream_seq":\#(most)}}"#
        _ = try talk.hear(Talk.answer("c2", consumer))
        let state = #"{"messages":\#(most),"first_seq":\#(most),"last_seq":\#(most)}"#
        let stream = #"{"config":{},"created":"\#(Talk.created)","state":\#(state)}"#
        #expect(try talk.hear(Talk.answer("i2", stream)) == [])
        let heartbeat = "Nats-Last-Consumer: 0\r\nNats-Last-Stream: \(most)\r\n"
        #expect(try talk.hear(Talk.status(2, "100 Idle Heartbeat", heartbeat)) == [Self.speaks])
        for sequence in ["0", "9223372036854775806", "\(most)", "-1", "x"] {
            let position = Position(text: "\(sequence)@5")
            let said = talk.ask(5, Talk.consume(.messages), from: position)
            _ = try talk.hear(Talk.answer("c3", Talk.consumer(pending: 0)) + Talk.answer("i3", stream))
            #expect(said.contains("CONSUMER.CREATE"))
        }
        #expect(NATSPosition(sequence: most, time: 0).next == Int64.max)
    }

    @Test("A stream that is not there fails; a server that has no leader is waited for by a feed that lives")
    func refusals() throws {
        let missing = #"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#
        let busy = #"{"error":{"code":503,"err_code":10008,"description":"temporarily unavailable"}}"#
        for (position, answer, expected) in [
            (nil, missing, "failed 5 notFound"),
            (NATSPosition.before(1).position, busy, "failed 5 server(status: 503)"),
            (Self.position(3), busy, "interrupted 5 JetStream refused"),
            // It was told that its history is lost, perhaps on another connection.
            (nil, busy, "interrupted 5 JetStream refused"),
        ] as [(Position?, String, String)] {
            var talk = try Talk.ready()
            _ = talk.ask(5, Talk.consume(.messages), from: position)
            #expect(try talk.hear(Talk.answer("c2", answer)).last?.hasPrefix(expected) == true)
        }
    }

    @Test("A refused consumer fails alone")
    func forbidden() throws {
        for subject in [#"Publish to "$JS.API.CONSUMER.CREATE.S""#, "Subscription to \"\(Talk.inbox).d.2\""] {
            var talk = try Talk.ready()
            _ = talk.ask(5, Talk.consume(.messages))
            #expect(try talk.hear("-ERR 'Permissions Violation for \(subject)'\r\n") == ["failed 5 forbidden"])
        }
    }

    @Test("Leaving unsubscribes, and what still comes means nothing")
    func leaving() throws {
        var (talk, _) = try Self.live()
        #expect(talk.source.unsubscribe(5)?.text == "UNSUB 2\r\n")
        #expect(talk.source.unsubscribe(5) == nil)
        #expect(try talk.hear(Talk.delivery(2, 4, 1) + Talk.heartbeat(2, consumer: 1, stream: 4)) == [])
    }
}
