// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

/// A source of one's own with a snapshot function: it lives without the WebSocket, too.
@Suite(.timeLimit(.minutes(1)))
struct SnapshotSubscriptionTests {
    private static let refused = FreshetError(.upgradeRefused(status: 404), "no WebSocket here")

    /// Equal texts, in memory of their own each time.
    private func consume(_ harness: Harness, _ text: Locked<String>) -> Consumer {
        let feed = harness.client.subscribe(to: "a") { _ in
            .value(Bytes(copying: text.withLock { $0 }.utf8))
        }
        return Consumer(feed.texts)
    }

    @Test("Refused at first: polled, and only what differs is told; then live, without a seam")
    func refused() async throws {
        let (harness, text) = (try Harness(), Locked("one"))
        let consumer = consume(harness, text)
        await harness.transport.dial(1).fail(Self.refused)
        guard case .event(.gap(let gap))? = await consumer.next() else {
            Issue.record("no gap")
            return
        }
        #expect(gap.cause == .polling)
        #expect(await consumer.next() == .event(.snapshot("one")))
        await harness.clock.expire(.seconds(5))
        await harness.clock.sleeper(of: .seconds(5))
        text.withLock { $0 = "two" }
        await harness.clock.expire(.seconds(5))
        #expect(await consumer.next() == .event(.snapshot("two")))
        let link = await harness.ready(2)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        #expect(await link.nextDeed() == .sent("ping"))
        link.receive("1 three")
        #expect(await consumer.next() == .event(.update("three")))
    }

    @Test("With a WebSocket it begins with the state, and a function that says unchanged at first makes no sense")
    func live() async throws {
        let harness = try Harness()
        let consumer = consume(harness, Locked("one"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        #expect(await link.nextDeed() == .sent("ping"))
        link.receive("pong")
        #expect(await consumer.next() == .event(.snapshot("one")))
        let senseless = Consumer(harness.client.subscribe(to: "b") { _ in .unchanged }.texts)
        #expect(await link.nextDeed() == .sent("sub 2 b"))
        #expect(await link.nextDeed() == .sent("ping"))
        link.receive("pong")
        guard case .failure(let error)? = await senseless.next() else {
            Issue.record("no failure")
            return
        }
        #expect(error.kind == .invalidInput)
    }
}

extension Feed<FeedEvent<Bytes>> {
    /// The same for people to read.
    fileprivate var texts: some AsyncSequence<FeedEvent<String>, FreshetError> & Sendable {
        self.map { event in
            switch event {
            case .update(let bytes): .update(bytes.text)
            case .snapshot(let bytes): .snapshot(bytes.text)
            case .gap(let gap): .gap(gap)
            }
        }
    }
}
