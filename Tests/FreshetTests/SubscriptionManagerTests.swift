// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SubscriptionManagerTests {
    @Test("There is no connection before the first pull, and none after the last feed")
    func lazy() async throws {
        let harness = try Harness()
        let feed = harness.feed("a")
        #expect(harness.transport.dialCount == 0)
        let consumer = Consumer(feed)
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        link.receive("1 x")
        #expect(await consumer.next() == .event(.update("x")))
        consumer.task.cancel()
        #expect(await link.nextDeed() == .sent("unsub 1"))
        #expect(await link.nextDeed() == .close(code: 1000))
        #expect(harness.transport.dialCount == 1)
    }

    @Test("Several feeds share a connection, and each gets its own updates, in order")
    func multiplexing() async throws {
        let harness = try Harness()
        let a = Consumer(harness.feed("a"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        let b = Consumer(harness.feed("b"))
        #expect(await link.nextDeed() == .sent("sub 2 b"))
        link.receive("1 x", "2 y", "2 z", "1 w")
        #expect(await a.next() == .event(.update("x")))
        #expect(await a.next() == .event(.update("w")))
        #expect(await b.next() == .event(.update("y")))
        #expect(await b.next() == .event(.update("z")))
        link.receive("end 1")
        #expect(await a.next() == .end)
        link.receive("2 last", "bad 2")
        #expect(await b.next() == .event(.update("last")))
        #expect(await b.next() == .failure(FreshetError(.invalidInput, "refused")))
        #expect(await link.nextDeed() == .close(code: 1000))
    }

    @Test("A drop is followed by a new connection, the subscription again, and a gap before what comes then")
    func gapAfterDrop() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let consumer = Consumer(harness.feed("a"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a"))
        first.receive("1 before")
        #expect(await consumer.next() == .event(.update("before")))
        first.end(.failure(FreshetError(.closed(code: 1006), "it broke")))
        #expect(await harness.waiting(&states) == .milliseconds(125))
        await harness.clock.advance(by: .milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("sub 1 a"))
        second.receive("1 after")
        let gap = Gap(cause: .unknown, reason: "it broke", outage: .milliseconds(125))
        #expect(await consumer.next() == .event(.gap(gap)))
        #expect(await consumer.next() == .event(.update("after")))
    }

    @Test("A feed that was never subscribed has nothing to miss: no gap")
    func noGapWithoutLoss() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let a = Consumer(harness.feed("a"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a"))
        first.end(.closeFrame(code: 1001, reason: ""))
        _ = await harness.waiting(&states)
        let b = Consumer(harness.feed("b"))
        await harness.clock.advance(by: .milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("sub 1 a"))
        #expect(await second.nextDeed() == .sent("sub 2 b"))
        second.receive("2 hello")
        #expect(await b.next() == .event(.update("hello")))
        guard case .event(.gap) = await a.next() else {
            Issue.record("the interrupted feed has no gap")
            return
        }
    }

    @Test("What an older connection still says is dropped")
    func epochs() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let consumer = Consumer(harness.feed("a"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a"))
        first.end(.closeFrame(code: 1012, reason: ""))
        _ = await harness.waiting(&states)
        await harness.clock.advance(by: .milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("sub 1 a"))
        first.receive("1 ghost")
        first.end(.closeFrame(code: 1012, reason: ""))
        second.receive("1 real")
        guard case .event(.gap) = await consumer.next() else {
            Issue.record("no gap")
            return
        }
        #expect(await consumer.next() == .event(.update("real")))
        #expect(harness.transport.dialCount == 2)
    }

    @Test("The first connection fails at once and loudly")
    func firstConnectionIsLoud() async throws {
        let harness = try Harness()
        let consumer = Consumer(harness.feed("a"))
        let error = FreshetError(.unreachable, "nobody there")
        (await harness.transport.dial(1)).end(.failure(error))
        #expect(await consumer.next() == .failure(error))
        #expect(harness.transport.dialCount == 1)
    }

    @Test("A feed opened after a failure tries again")
    func newFeedAfterFailure() async throws {
        let harness = try Harness()
        let failing = Consumer(harness.feed("a"))
        (await harness.transport.dial(1)).end(.failure(FreshetError(.unreachable, "nobody there")))
        _ = await failing.next()
        let consumer = Consumer(harness.feed("b"))
        let link = await harness.ready(2)
        #expect(await link.nextDeed() == .sent("sub 2 b"))
        link.receive("2 x")
        #expect(await consumer.next() == .event(.update("x")))
    }

    @Test("No acknowledgement within its deadline ends the attempt")
    func acknowledgeDeadline() async throws {
        let harness = try Harness()
        let consumer = Consumer(harness.feed("a"))
        let link = await harness.transport.dial(1)
        link.open(subprotocol: "lines")
        #expect(await link.nextDeed() == .sent("hello"))
        await harness.clock.advance(by: .seconds(10))
        #expect(await link.nextDeed() == .abandon)
        guard case .failure(let error) = await consumer.next() else {
            Issue.record("the feed did not fail")
            return
        }
        #expect(error.kind == .timeout(.acknowledge))
    }

    @Test("A server that breaks its protocol is told so, and the feed fails")
    func violation() async throws {
        let harness = try Harness()
        let consumer = Consumer(harness.feed("a"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        link.receive("1 kept", "broken", "1 lost")
        #expect(await consumer.next() == .event(.update("kept")))
        #expect(await link.nextDeed() == .close(code: 4004))
        #expect(await consumer.next() == .failure(FreshetError(.protocolViolation, "the server is broken")))
    }

    @Test("Leaving while the connection is awaited ends the attempt")
    func leaveWhileConnecting() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let consumer = Consumer(harness.feed("a"))
        let link = await harness.transport.dial(1)
        consumer.task.cancel()
        #expect(await link.nextDeed() == .close(code: 1000))
        #expect(await consumer.next() == .end)
        while let state = await states.next(), state != .closing {}
        #expect(await states.next() == .idle)
    }

    @Test("Leaving while waiting for the next attempt ends the wait")
    func leaveWhileWaiting() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let consumer = Consumer(harness.feed("a"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        link.end(.closeFrame(code: 1000, reason: ""))
        _ = await harness.waiting(&states)
        consumer.task.cancel()
        #expect(await states.next() == .idle)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("Closing the client ends its feeds and refuses new ones")
    func close() async throws {
        let harness = try Harness()
        let consumer = Consumer(harness.feed("a"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        await harness.client.close()
        #expect(await consumer.next() == .failure(FreshetError(.clientClosed, "the client has been closed")))
        #expect(await link.nextDeed() == .close(code: 1000))
        let late = Consumer(harness.feed("b"))
        guard case .failure(let error) = await late.next() else {
            Issue.record("a closed client took a new feed")
            return
        }
        #expect(error.kind == .clientClosed)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("Closing while waiting for the next attempt returns at once and ends the states")
    func closeWhileWaiting() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let consumer = Consumer(harness.feed("a"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        link.end(.closeFrame(code: 1001, reason: ""))
        _ = await harness.waiting(&states)
        await harness.client.close()
        #expect(await consumer.next() == .failure(FreshetError(.clientClosed, "the client has been closed")))
        while await states.next() != nil {}
    }

    @Test("Every state ends when the client is let go")
    func statesEnd() async throws {
        var harness: Harness? = try Harness()
        var states = try #require(harness).client.states.makeAsyncIterator()
        #expect(await states.next() == .idle)
        harness = nil
        while await states.next() != nil {}
    }
}
