// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Slow consumers, leaving, closing and hints while there is no WebSocket to be had.
@Suite(.timeLimit(.minutes(1)))
struct FallbackLifetimeTests {
    @Test("A consumer that does not take what it has is not asked for more")
    func slowConsumer() async {
        let (harness, rest, isTaken, goOn) = (ScriptedClient(), REST(1), Gate(), Gate())
        let recovery = GraphQLRecovery<Int>.refetch {
            await isTaken.wait()
            return try rest.get()
        }
        let delivery = DeliveryPolicy(.suspending, elements: 1)
        let feed = harness.client.subscribe(Int.self, "subscription { n }", recovery: recovery, delivery: delivery)
        let (heard, continuation) = AsyncStream<FeedEvent<Int>>.makeStream()
        let task = Task {
            for try await event in feed {
                continuation.yield(event)
                await goOn.wait()
            }
        }
        defer { task.cancel() }
        var iterator = heard.makeAsyncIterator()
        await harness.refuse(1)
        _ = await iterator.next()
        isTaken.open()
        // The snapshot waits: the rounds pass without a call.
        for _ in 1...3 { await harness.clock.expire(.seconds(5)) }
        await harness.clock.sleeper(of: .seconds(5))
        #expect(rest.calls == 1)
        rest.says(2)
        goOn.open()
        #expect(await iterator.next() == .snapshot(1))
        await harness.settle()
        await harness.clock.expire(.seconds(5))
        #expect(await iterator.next() == .snapshot(2))
    }

    @Test("Leaving while it polls leaves no timer and no call behind", arguments: [false, true])
    func leave(isAsking: Bool) async {
        let (harness, cancelled) = (ScriptedClient(), Gate())
        let calls = Locked(0)
        let recovery = GraphQLRecovery<Int>.refetch {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            guard call > 1 || isAsking else { return call }
            try? await harness.clock.sleep(for: .seconds(3_600))
            if Task.isCancelled { cancelled.open() }
            return call
        }
        let listener = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: recovery))
        await harness.refuse(1)
        _ = await listener.gap()
        if isAsking { await harness.clock.sleeper(of: .seconds(3_600)) } else { _ = await listener.next() }
        await listener.leave()
        await harness.state(.idle)
        await harness.nobodySleeps()
        if isAsking { await cancelled.wait() }
    }

    @Test("Closing while it polls ends the feed and everything with it")
    func close() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        _ = await listener.gap()
        #expect(await listener.next() == .snapshot(1))
        await harness.client.close()
        #expect(await listener.failure()?.kind == .clientClosed)
        await harness.nobodySleeps()
    }

    @Test("A changed network dials at once")
    func networkChanged() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        _ = await listener.gap()
        _ = await listener.next()
        harness.client.hint(.networkChanged)
        let link = await harness.settled(2)
        link.next(1, 2)
        #expect(await listener.next() == .update(2))
        #expect(harness.clock.now.sinceStart == .zero)
    }

    @Test("While the app sleeps nobody polls, and a gap says that")
    func suspend() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        _ = await listener.gap()
        #expect(await listener.next() == .snapshot(1))
        harness.client.hint(.suspend)
        await harness.state(.suspended)
        await harness.nobodySleeps()
        harness.clock.jump(by: .seconds(3_600))
        harness.client.hint(.resume)
        _ = await harness.settled(2)
        let gap = await listener.gap()
        #expect(gap?.cause == .unknown)
        #expect(gap?.outage == .seconds(3_600))
        #expect(await listener.next() == .snapshot(1))
    }

    @Test("Polls are counted")
    func health() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        _ = await listener.gap()
        _ = await listener.next()
        for await health in harness.client.health() {
            #expect(health.polls == 1)
            #expect(health.gaps == 1)
            #expect(health.state == .polling(delay: .milliseconds(125), attempt: 1, error: .noWebSockets))
            break
        }
    }
}
