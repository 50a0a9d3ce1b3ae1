// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Coming and going around reconnects: B53 to B57.
@Suite(.timeLimit(.minutes(1)))
struct ReconnectingLifetimeBehaviours {
    /// After two drops: the third connection, with one subscription.
    private func reconnected(_ harness: ScriptedClient) async -> (Listener<Int>, ScriptedLink) {
        let (listener, link) = await harness.subscribed()
        link.drop()
        await harness.retry()
        await harness.open(2).drop()
        await harness.retry()
        let third = await harness.connect(3)
        #expect(await third.nextDeed() == .subscribe(1))
        return (listener, third)
    }

    @Test("B53 After several retries, leaving the last operation still closes the socket")
    func leaveAfterRetries() async {
        let harness = ScriptedClient()
        let (listener, link) = await self.reconnected(harness)
        await listener.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
        await harness.state(.idle)
        #expect(harness.transport.dialCount == 3)
    }

    @Test("B54 Also when an operation was added during the retries; the socket stays until the last one")
    func addDuringRetries() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        link.drop()
        guard let (delay, _) = await harness.waiting() else { return }
        let second = harness.listen("m")
        await harness.feeds(2)
        await harness.clock.expire(delay)
        let third = await harness.connect(2)
        #expect(await third.nextDeed() == .subscribe(1))
        #expect(await third.nextDeed() == .subscribe(2, "m"))
        await first.leave()
        #expect(await third.nextDeed() == .complete(1))
        #expect(await third.isQuiet())
        await second.leave()
        #expect(await third.nextDeed() == .complete(2))
        #expect(await third.nextDeed() == .goodbye)
    }

    @Test("B55 When the last operation is left during the wait there is no reconnect, and not on a later cycle either")
    func leaveDuringWait() async {
        let harness = ScriptedClient()
        for cycle in 1...3 {
            let listener = harness.listen()
            let link = await harness.connect(cycle)
            #expect(await link.nextDeed() == .subscribe(cycle))
            link.drop()
            _ = await harness.waiting()
            await listener.leave()
            await harness.state(.idle)
            #expect(harness.clock.sleeperCount == 0)
            harness.clock.jump(by: .seconds(60))
            await harness.settle()
            #expect(harness.transport.dialCount == cycle)
        }
    }

    @Test("B56 A lazy connection after a successful reconnect is made at once, without a wait")
    func lazyAfterReconnect() async {
        let harness = ScriptedClient()
        let (listener, link) = await self.reconnected(harness)
        await listener.leave()
        #expect(await link.nextDeed() == .complete(1))
        await harness.state(.idle)
        let next = harness.listen()
        let fourth = await harness.connect(4)
        #expect(await fourth.nextDeed() == .subscribe(2))
        await next.leave()
    }

    @Test("B57 Subscribing while the socket is closing is not lost, even without attempts: it goes out on a new socket")
    func subscribeWhileClosing() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let (first, link) = await harness.subscribed()
        link.ignoreClose()
        link.complete(1)
        #expect(await first.next() == .end)
        #expect(await link.nextDeed() == .goodbye)
        let second = harness.listen("m")
        await harness.feeds(1)
        // The server may even close for reasons of its own now.
        link.close(1006)
        let next = await harness.connect(2)
        #expect(await next.nextDeed() == .subscribe(2, "m"))
        next.next(2, 2)
        #expect(await second.next() == .update(2))
    }
}
