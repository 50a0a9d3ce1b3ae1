// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// Whole clients on scripted connections, in virtual time.
@Suite(.timeLimit(.minutes(1)))
struct NATSClientTests {
    private typealias Talk = NATSConversation

    private struct Scripted {
        let transport = ScriptedTransport()
        let clock = ManualClock()
        let client: NATSClient

        init() {
            self.client = NATSClient(
                url: "ws://127.0.0.1:1",
                configuration: NATSClientConfiguration(),
                nonce: "nonce",
                loop: .shared,
                transport: self.transport,
                time: TimeSource(self.clock, jitter: { 0.5 })
            )
        }

        /// Attempt `number`, taken to where something is asked.
        func ready(_ number: Int) async -> ScriptedLink {
            let link = await self.transport.dial(number)
            link.open(subprotocol: nil)
            link.receive(Talk.info)
            _ = await link.nextDeed()
            link.receive("PONG\r\n")
            return link
        }

        /// What is sent on a link, up to the first that has these words.
        func sent(_ words: String, on link: ScriptedLink) async -> String? {
            while case .sent(let text) = await link.nextDeed() {
                if text.contains(words) { return text }
            }
            return nil
        }

        var docs: NATSBucket<Bytes> { self.client.bucket("b", coding: .bytes) }
        var stream: NATSStream<Bytes> { self.client.stream("S", coding: .bytes) }
    }

    private static func kind(_ body: () async throws -> Void) async -> FreshetError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? FreshetError)?.kind
        }
    }

    @Test("A write whose answer does not come has an unknown outcome, and is not sent again")
    func brokenWrite() async {
        let scripted = Scripted()
        let write = Task { await Self.kind { try await scripted.docs.put("a", Bytes(copying: [0x78])) } }
        let link = await scripted.ready(1)
        #expect(await link.nextDeed() == .sent("PUB $KV.b.a \(Talk.inbox).1 1\r\nx\r\n"))
        link.fail()
        #expect(await write.value == .outcomeUnknown)
        await scripted.client.close()
    }

    @Test("One that takes too long has an unknown outcome too; a question that takes too long says so")
    func late() async {
        let scripted = Scripted()
        let write = Task { await Self.kind { try await scripted.docs.put("a", Bytes(copying: [0x78])) } }
        let link = await scripted.ready(1)
        _ = await link.nextDeed()
        await scripted.clock.expire(.seconds(10))
        #expect(await write.value == .outcomeUnknown)
        let read = Task { await Self.kind { _ = try await scripted.docs.get("a") } }
        _ = await link.nextDeed()
        await scripted.clock.expire(.seconds(10))
        #expect(await read.value == .timeout(.total))
        await scripted.client.close()
    }

    @Test("A read, and a message with an id, are asked again on the next connection")
    func askedAgain() async throws {
        let scripted = Scripted()
        let read = Task {
            try await scripted.stream.publish(Bytes(copying: [0x78]), to: "s", id: "one")
        }
        let first = await scripted.ready(1)
        let said = await first.nextDeed()
        first.fail()
        await scripted.clock.expire(.milliseconds(125))
        let second = await scripted.ready(2)
        #expect(await second.nextDeed() == said)
        second.receive(Talk.answer("1", #"{"stream":"S","seq":4,"duplicate":true}"#))
        #expect(try await read.value == NATSReceipt(sequence: 4, isDuplicate: true))
        await scripted.client.close()
    }

    @Test("A consumer that the server has forgotten is made again, from where the feed stands, without a gap")
    func forgotten() async throws {
        let scripted = Scripted()
        let stream = scripted.stream
        let (heard, continuation) = AsyncStream<String>.makeStream()
        let feed = Task {
            for try await event in stream.messages() { continuation.yield(event.value?.value.text ?? "gap") }
        }
        var texts = heard.makeAsyncIterator()
        let link = await scripted.ready(1)
        _ = await link.nextDeed()
        link.receive(Talk.answer("c2", Talk.consumer(pending: 0)))
        _ = await link.nextDeed()
        link.receive(Talk.answer("i2", Talk.stream(1, 9)), Talk.delivery(2, 1, 1))
        #expect(await texts.next() == "v1")
        await scripted.clock.expire(.seconds(10))
        await scripted.clock.expire(.milliseconds(125))
        var again = await link.nextDeed()
        while case .sent(let text) = again, !text.contains("CONSUMER.CREATE") { again = await link.nextDeed() }
        guard case .sent(let text) = again else { throw FreshetError(.decoding, "\(again)") }
        #expect(
            text.hasPrefix("UNSUB 2\r\n") && text.contains("SUB \(Talk.inbox).d.3 3\r\n")
                && text.contains(#""opt_start_seq":2"#)
        )
        link.receive(Talk.answer("c3", Talk.consumer(pending: 0)))
        _ = await link.nextDeed()
        link.receive(Talk.answer("i3", Talk.stream(1, 9)), Talk.delivery(3, 2, 1))
        #expect(await texts.next() == "v2")
        feed.cancel()
        await scripted.client.close()
    }

    @Test("After changes alone, however often the connection breaks, there are gaps, and then the whole state")
    func changesAlone() async throws {
        let scripted = Scripted()
        let docs = scripted.docs
        let (heard, continuation) = AsyncStream<String>.makeStream()
        let feed = Task {
            for try await event in docs.watch(from: .now) {
                switch event {
                case .gap: continuation.yield("gap")
                case .snapshot(let snapshot): continuation.yield("state of \(snapshot.documents.map(\.key))")
                case .update: continuation.yield("update")
                }
            }
        }
        var words = heard.makeAsyncIterator()
        let first = await scripted.ready(1)
        #expect(await scripted.sent("CONSUMER.CREATE", on: first)?.contains(#""deliver_policy":"new""#) == true)
        first.receive(Talk.answer("c2", Talk.consumer(pending: 0, at: 8)))
        _ = await scripted.sent("STREAM.INFO", on: first)
        first.fail()
        await scripted.clock.expire(.milliseconds(125))
        let second = await scripted.ready(2)
        _ = await scripted.sent("STREAM.INFO", on: second)
        second.receive(Talk.answer("r2", Talk.stream(1, 9)))
        #expect(await words.next() == "gap")
        #expect(await scripted.sent("CONSUMER.CREATE", on: second)?.contains(#""deliver_policy":"all""#) == true)
        second.fail()
        await scripted.clock.expire(.milliseconds(250))
        let third = await scripted.ready(3)
        #expect(await words.next() == "gap")
        #expect(await scripted.sent("CONSUMER.CREATE", on: third)?.contains(#""deliver_policy":"all""#) == true)
        third.receive(Talk.answer("c2", Talk.consumer(pending: 1)))
        _ = await scripted.sent("STREAM.INFO", on: third)
        let document = Talk.message("$KV.b.a", 2, "x", reply: "$JS.ACK.KV_b.C.1.9.1.5.0")
        third.receive(Talk.answer("i2", Talk.stream(1, 9)), document)
        #expect(await words.next() == #"state of ["a"]"#)
        feed.cancel()
        await scripted.client.close()
    }

    @Test("What cannot work is told before anything is sent")
    func refusals() async {
        let scripted = Scripted()
        let (docs, stream) = (scripted.docs, scripted.stream)
        let nothing = Bytes(copying: [])
        for body in [
            { _ = try await docs.get("a b") }, { _ = try await docs.put("a\r\nPUB x 0", nothing) },
            { _ = try await docs.update("a", nothing, ifVersion: "1\r\nX: y") },
            { _ = try await scripted.client.bucket("a.b", coding: .bytes).list() },
            { for try await _ in scripted.client.bucket("a b", coding: .bytes).watch() {} },
            { for try await _ in docs.keys("a b").watch() {} },
            { _ = try await stream.publish(nothing, to: "*") },
            { _ = try await stream.publish(nothing, to: "s", headers: [NATSHeader("A", "b\r\nC: d")]) },
            { for try await _ in stream.messages(from: .after(Position(number: 1))) {} },
            { for try await _ in stream.messages(subject: "a b") {} },
            { for try await _ in NATSClient(url: "nats://x").bucket("b", coding: .bytes).watch() {} },
            { _ = try await scripted.client.createBucket("b", NATSBucketConfiguration(history: 65)) },
        ] as [@Sendable () async throws -> Void] {
            #expect(await Self.kind { try await body() } == .invalidInput)
        }
        #expect(scripted.transport.dialCount == 0)
        await scripted.client.close()
    }

    @Test("No secret is in a description")
    func secrets() {
        let configuration = NATSClientConfiguration(authentication: .user("me", password: "hunter2"))
        for text in [
            "\(configuration)", "\(String(describing: configuration.authentication))",
            "\(NATSAuthentication.token("hunter2"))",
        ] {
            #expect(!text.contains("hunter2"))
        }
    }
}
