// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// Sources that list first and watch from there, through the whole manager.
@Suite(.timeLimit(.minutes(1)))
struct ListSubscriptionTests {
    @Test("It lists first, and watches from where the list was made")
    func listThenWatch() async throws {
        let harness = try ListHarness()
        harness.answer.withLock { $0 = .init(documents: [(3, "a", "x"), (7, "b", "y")], at: 7) }
        let consumer = harness.watch()
        let link = await harness.ready(1)
        #expect(await consumer.text() == "snapshot of 2: +a=x +b=y at 7")
        #expect(await link.nextDeed() == .sent("watch 1 after 7"))
        link.receive("1 8 a z", "1 9 c n")
        #expect(await consumer.text() == "update: a=x→z at 8")
        #expect(await consumer.text() == "update: +c=n at 9")
    }

    @Test("After a drop it goes on from the last change, without a list and without a gap")
    func resumes() async throws {
        let harness = try ListHarness()
        let consumer = harness.watch()
        let first = await harness.ready(1)
        #expect(await consumer.text() == "snapshot of 0:  at 0")
        #expect(await first.nextDeed() == .sent("watch 1 after 0"))
        first.receive("1 8 a z")
        #expect(await consumer.text() == "update: +a=z at 8")
        first.fail()
        await harness.clock.expire(.milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("watch 1 after 8"))
        second.receive("1 9 a w")
        #expect(await consumer.text() == "update: a=z→w at 9")
        #expect(harness.requests.withLock { $0.count } == 1)
    }

    @Test("A position without data moves it on, and is handed out only to those who ask for it")
    func progress() async throws {
        let harness = try ListHarness()
        let consumer = harness.watch()
        let first = await harness.ready(1)
        _ = await consumer.text()
        #expect(await first.nextDeed() == .sent("watch 1 after 0"))
        let curious = harness.watch(bookmarks: true)
        _ = await curious.text()
        #expect(await first.nextDeed() == .sent("watch 2 after 0"))
        first.receive("1 mark 40", "2 mark 40")
        #expect(await curious.text() == "update:  at 40")
        first.receive("1 41 a x")
        #expect(await consumer.text() == "update: +a=x at 41")
        first.receive("1 mark 50")
        first.fail()
        await harness.clock.expire(.milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("watch 1 after 50"))
        #expect(await second.nextDeed() == .sent("watch 2 after 40"))
    }

    @Test("Where the position is gone there is a gap, and a list that says what differs")
    func compacted() async throws {
        let harness = try ListHarness()
        harness.answer.withLock { $0 = .init(documents: [(3, "a", "x"), (4, "b", "y")], at: 5) }
        let consumer = harness.watch()
        let link = await harness.ready(1)
        _ = await consumer.text()
        #expect(await link.nextDeed() == .sent("watch 1 after 5"))
        harness.answer.withLock { $0 = .init(documents: [(9, "a", "z"), (4, "b", "y"), (8, "c", "n")], at: 20) }
        link.receive("1 gone")
        #expect(await consumer.text() == "gap compacted")
        #expect(await consumer.text() == "snapshot of 3: a=x→z +c=n at 20")
        #expect(await link.nextDeed() == .sent("watch 1 after 20"))
        // Again and again: it waits before it lists the next time.
        link.receive("1 gone")
        #expect(await consumer.text() == "gap compacted")
        await harness.clock.expire(.milliseconds(125))
        #expect(await consumer.text() == "snapshot of 3:  at 20")
        #expect(await link.nextDeed() == .sent("watch 1 after 20"))
    }

    @Test("What comes of a watch that was given up does not count")
    func lateWords() async throws {
        let harness = try ListHarness()
        let consumer = harness.watch()
        let link = await harness.ready(1)
        _ = await consumer.text()
        #expect(await link.nextDeed() == .sent("watch 1 after 0"))
        link.receive("1 gone", "1 99 a late")
        #expect(await consumer.text() == "gap compacted")
        #expect(await consumer.text() == "snapshot of 0:  at 0")
    }

    @Test("From a position of an earlier process it watches at once; what is gone since is told")
    func fromPosition() async throws {
        let harness = try ListHarness()
        let consumer = harness.watch(from: Position(number: 30))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("watch 1 after 30"))
        link.receive("1 31 a x")
        #expect(await consumer.text() == "update: +a=x at 31")
        #expect(harness.requests.withLock { $0.isEmpty })
    }

    @Test("A list that fails is fetched again with a backoff; one that is forbidden ends the feed")
    func failingList() async throws {
        let harness = try ListHarness()
        harness.answer.withLock { $0.error = FreshetError(.unreachable, "no REST") }
        let consumer = harness.watch()
        _ = await harness.ready(1)
        await harness.clock.sleeper(of: .milliseconds(125))
        harness.answer.withLock { $0 = .init(documents: [(1, "a", "x")], at: 1) }
        await harness.clock.expire(.milliseconds(125))
        #expect(await consumer.text() == "snapshot of 1: +a=x at 1")
        harness.answer.withLock { $0.error = FreshetError(.forbidden, "not for you") }
        #expect(await harness.watch().text() == "failure not for you")
    }

    @Test("A list without a position ends the feed: there is nothing to watch from")
    func listWithoutPosition() async throws {
        let harness = try ListHarness()
        harness.answer.withLock { $0.at = nil }
        let consumer = harness.watch()
        _ = await harness.ready(1)
        #expect(await consumer.text() == "failure the list has no position, so there is nothing to subscribe from")
    }

    @Test("While a large list waits for its consumer, no other one is asked for")
    func slowConsumer() async throws {
        let harness = try ListHarness()
        let large = String(repeating: "x", count: 2 << 20)
        harness.answer.withLock { $0 = .init(documents: [(3, "a", large)], at: 3) }
        let buffer = harness.open()
        await harness.transport.dial(1).fail(FreshetError(.upgradeRefused(status: 404), "no WebSocket here"))
        // The rounds pass without a question.
        for _ in 1...3 { await harness.clock.expire(.seconds(5)) }
        await harness.clock.sleeper(of: .seconds(5))
        #expect(harness.requests.withLock { $0.count } == 1)
        #expect(buffer.depth.bytes == (2 << 20) + 1)
        _ = try await buffer.next(isolation: nil)
        // That there is room again is told a little later.
        while harness.requests.withLock({ $0.count }) < 2, !Task.isCancelled {
            await harness.clock.expire(.seconds(5))
        }
    }

    @Test("Without a WebSocket it is polled, and then watched from the last list, without a seam")
    func polled() async throws {
        let harness = try ListHarness()
        harness.answer.withLock { $0 = .init(documents: [(3, "a", "x")], at: 3) }
        let consumer = harness.watch()
        await harness.transport.dial(1).fail(FreshetError(.upgradeRefused(status: 404), "no WebSocket here"))
        #expect(await consumer.text() == "polled gap polling")
        #expect(await consumer.text() == "polled snapshot of 1: +a=x at 3")
        harness.answer.withLock { $0 = .init(documents: [(6, "b", "y")], at: 8) }
        await harness.clock.expire(.seconds(5))
        #expect(await consumer.text() == "polled snapshot of 1: -a +b=y at 8")
        let link = await harness.ready(2)
        #expect(await link.nextDeed() == .sent("watch 1 after 8"))
        link.receive("1 9 b z")
        #expect(await consumer.text() == "update: b=y→z at 9")
    }

    @Test("A state that the source sends by itself replaces what there was, and says what differs")
    func ownSnapshot() async throws {
        let harness = try ListHarness()
        let consumer = harness.watch(recovery: .none)
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("watch 1 after nothing"))
        first.receive("1 state 1 a x,2 b y")
        #expect(await consumer.text() == "snapshot of 2: +a=x +b=y")
        first.fail()
        await harness.clock.expire(.milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("watch 1 after nothing"))
        #expect(await consumer.text() == "gap unknown")
        second.receive("1 state 2 b y,3 c z")
        #expect(await consumer.text() == "snapshot of 2: -a +c=z")
    }

    @Test("The connection breaks while it lists: it lists again on the next one")
    func brokenWhileListing() async throws {
        let harness = try ListHarness()
        harness.answer.withLock { $0.error = FreshetError(.unreachable, "no REST") }
        let consumer = harness.watch()
        let first = await harness.ready(1)
        await harness.clock.sleeper(of: .milliseconds(125))
        harness.answer.withLock { $0 = .init(documents: [(1, "a", "x")], at: 1) }
        var states = harness.client.states.makeAsyncIterator()
        first.fail()
        while let state = await states.next() { if case .waiting = state { break } }
        await harness.clock.expire(.milliseconds(125))
        let second = await harness.ready(2)
        #expect(await consumer.text() == "snapshot of 1: +a=x at 1")
        #expect(await second.nextDeed() == .sent("watch 1 after 1"))
    }
}
