// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetDocuments
import Testing

/// Streams of a real NATS server.
@Suite(.timeLimit(.minutes(1)), .enabled(if: NATSServer.isInstalled))
struct NATSStreamTests {
    private static func text(_ event: FeedEvent<NATSMessage<NATSNote>>?) -> String {
        switch event {
        case .update(let message)?: "\(message.sequence) \(message.value.text)"
        case .gap(let gap)?: "gap \(gap.cause)"
        case .snapshot?: "a snapshot"
        case nil: "the end"
        }
    }

    @Test("Messages come with their headers, from where the feed begins; those with an id once")
    func publishing() async throws {
        let server = try await NATSServer()
        let client = server.client()
        try await client.createStream("ORDERS", NATSStreamConfiguration(subjects: ["orders.>"]))
        let orders = client.stream("ORDERS", of: NATSNote.self)
        let first = try await orders.publish(
            NATSNote(text: "1"),
            to: "orders.new",
            headers: [NATSHeader("X-A", "b")],
            id: "i"
        )
        let twice = try await orders.publish(NATSNote(text: "1"), to: "orders.new", id: "i")
        #expect(first == NATSReceipt(sequence: 1, isDuplicate: false))
        #expect(twice == NATSReceipt(sequence: 1, isDuplicate: true))
        for number in 2...4 { try await orders.publish(NATSNote(text: "\(number)"), to: "orders.old") }

        var feed = orders.messages().makeAsyncIterator()
        guard case .update(let message)? = try await feed.next() else { throw NATSBucketTests.Unexpected() }
        #expect(message.subject == "orders.new" && message.sequence == 1 && message.time > 0)
        #expect(message.headers.contains(NATSHeader("X-A", "b")))
        #expect(Self.text(try await feed.next()) == "2 2")
        var third = orders.messages(from: .sequence(3)).makeAsyncIterator()
        #expect(Self.text(try await third.next()) == "3 3")
        var filtered = orders.messages(subject: "orders.old").positioned.makeAsyncIterator()
        let positioned = try #require(try await filtered.next())
        #expect(Self.text(positioned.element) == "2 2")
        let position = try #require(positioned.position)
        var resumed = orders.messages(from: .after(position)).makeAsyncIterator()
        #expect(Self.text(try await resumed.next()) == "3 3")

        let unknown = await failure { _ = try await orders.publish(NATSNote(text: ""), to: "elsewhere") }
        #expect(unknown?.kind == .server(status: 503))
        let missing = client.stream("NONE", of: NATSNote.self).messages()
        #expect(await failure { for try await _ in missing {} }?.kind == .notFound)
        let bad = await failure { _ = try await orders.publish(NATSNote(text: ""), to: "orders.a b\r\nPUB x 0") }
        #expect(bad?.kind == .invalidInput)
        #expect(try await client.streamState("ORDERS").lastSequence == 4)
        await client.close()
        server.stop()
    }

    /// A feed that has had three messages of five and is away while `deed` is done; what it hears afterwards.
    private func away(_ count: Int, _ deed: (NATSClient, NATSStream<NATSNote>) async throws -> Void) async throws
        -> [String]
    {
        let server = try await NATSServer()
        let (reading, writing) = (server.client(), server.client())
        let configuration = NATSStreamConfiguration(subjects: ["s"])
        try await writing.createStream("S", configuration)
        let stream = writing.stream("S", of: NATSNote.self)
        for number in 1...3 { try await stream.publish(NATSNote(text: "\(number)"), to: "s") }
        var feed = reading.stream("S", of: NATSNote.self).messages().makeAsyncIterator()
        for _ in 1...3 { _ = try await feed.next() }
        var states = reading.connectionStates.makeAsyncIterator()
        reading.hint(.suspend)
        while let state = await states.next(), state != .suspended {}
        try await deed(writing, stream)
        reading.hint(.resume)
        var heard: [String] = []
        while heard.count < count { heard.append(Self.text(try await feed.next())) }
        await reading.close()
        await writing.close()
        server.stop()
        return heard
    }

    @Test("After a drop a feed goes on with the next message, without a gap")
    func resumed() async throws {
        let heard = try await self.away(2) { _, stream in
            for number in 4...5 { try await stream.publish(NATSNote(text: "\(number)"), to: "s") }
        }
        #expect(heard == ["4 4", "5 5"])
    }

    @Test("Messages that were purged before the feed had them are a gap, and then the rest comes")
    func purged() async throws {
        let heard = try await self.away(3) { client, stream in
            for number in 4...7 { try await stream.publish(NATSNote(text: "\(number)"), to: "s") }
            try await client.purgeStream("S", before: 6)
        }
        #expect(heard == ["gap compacted", "6 6", "7 7"])
    }

    @Test("A purge of nothing but what the feed had is no gap")
    func purgedBehind() async throws {
        let heard = try await self.away(1) { client, stream in
            try await stream.publish(NATSNote(text: "4"), to: "s")
            try await client.purgeStream("S", before: 4)
        }
        #expect(heard == ["4 4"])
    }

    @Test("A stream that was made anew is a gap, and begins with its first message", arguments: [1, 5])
    func recreated(_ count: Int) async throws {
        let heard = try await self.away(1 + count) { client, stream in
            try await client.deleteStream("S")
            try await client.createStream("S", NATSStreamConfiguration(subjects: ["s"]))
            for number in 1...count { try await stream.publish(NATSNote(text: "new \(number)"), to: "s") }
        }
        #expect(heard == ["gap historyLost"] + (1...count).map { "\($0) new \($0)" })
    }

    private static let size = 10_000

    /// A stream with messages of 10 kB.
    private func big(_ client: NATSClient, _ count: Int) async throws -> NATSStream<Bytes> {
        try await client.createStream("BIG", NATSStreamConfiguration(subjects: ["big"]))
        let big = client.stream("BIG", coding: .bytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= 32 { try await group.next() }
                let message = Bytes(copying: [UInt8](repeating: 7, count: Self.size))
                group.addTask { try await big.publish(message, to: "big") }
            }
            try await group.waitForAll()
        }
        return big
    }

    @Test("Messages that are purged before a slow reader has them are a gap while its feed lives")
    func purgedAhead() async throws {
        let server = try await NATSServer()
        let (writing, reading) = (server.client(), server.client())
        let big = try await self.big(writing, 2000)
        let delivery = DeliveryPolicy(.suspending, elements: 16, bytes: 64 << 10)
        var feed = reading.stream("BIG", coding: .bytes).messages(delivery: delivery).makeAsyncIterator()
        _ = try await feed.next()
        // The server holds on until the reader says that it has read.
        try await writing.purgeStream("BIG")
        let last = try await big.publish(Bytes(copying: [8]), to: "big").sequence
        var (sequence, gaps): (UInt64, [Gap.Cause]) = (1, [])
        while sequence < last, let event = try await feed.next() {
            switch event {
            case .gap(let gap): gaps.append(gap.cause)
            case .update(let message):
                #expect(message.sequence == (gaps.isEmpty ? sequence + 1 : last))
                sequence = message.sequence
            case .snapshot: throw NATSBucketTests.Unexpected()
            }
        }
        #expect(gaps == [.compacted])
        await reading.close()
        await writing.close()
        server.stop()
    }

    @Test("A slow reader gets 20 MB in order, because it says when it has read")
    func slowReader() async throws {
        let server = try await NATSServer()
        let client = server.client()
        let count = 2000
        _ = try await self.big(client, count)
        let reading = server.client()
        let delivery = DeliveryPolicy(.suspending, elements: 16, bytes: 64 << 10)
        var expected: UInt64 = 1
        for try await event in reading.stream("BIG", coding: .bytes).messages(delivery: delivery) {
            guard case .update(let message) = event else { throw NATSBucketTests.Unexpected() }
            #expect(message.sequence == expected && message.value.count == Self.size)
            if expected == count { break }
            expected += 1
            // Slower than the socket.
            if expected % 50 == 0 { _ = try await client.streamState("BIG") }
        }
        #expect(expected == count)
        await client.close()
        await reading.close()
        server.stop()
    }
}
