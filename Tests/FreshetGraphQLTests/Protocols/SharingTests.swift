// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Feeds of the same document and variables are one subscription on the server.
@Suite(.timeLimit(.minutes(1)))
struct SharingTests {
    @Test("Two feeds of the same are one subscription on the wire, and both get everything")
    func oneSubscription() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen()
        await harness.feeds(2)
        #expect(await link.isQuiet())
        link.next(1, 1, 2)
        for listener in [first, second] {
            #expect(await listener.next() == .update(1))
            #expect(await listener.next() == .update(2))
        }
    }

    @Test("Who comes later gets the last value first, and only that one")
    func lateJoiner() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        link.next(1, 1, 2, 3)
        for n in 1...3 { #expect(await first.next() == .update(n)) }
        let second = harness.listen()
        #expect(await second.next() == .update(3))
        link.next(1, 4)
        #expect(await first.next() == .update(4))
        #expect(await second.next() == .update(4))
    }

    @Test("The server is told when the last one leaves, not before")
    func lastLeaves() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen()
        await harness.feeds(2)
        await first.leave()
        #expect(await link.isQuiet())
        link.next(1, 1)
        #expect(await second.next() == .update(1))
        await second.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("The end, or the error, reaches all of them; who comes afterwards begins anew", arguments: [true, false])
    func ends(_ isError: Bool) async {
        let harness = ScriptedClient { $0.policy.linger = .seconds(1) }
        let (first, link) = await harness.subscribed()
        let second = harness.listen()
        await harness.feeds(2)
        link.next(1, 1)
        if isError { link.error(1) } else { link.complete(1) }
        for listener in [first, second] {
            #expect(await listener.next() == .update(1))
            if isError { #expect(await listener.failure() != nil) } else { #expect(await listener.next() == .end) }
        }
        let third = harness.listen()
        #expect(await link.nextDeed() == .subscribe(2))
        link.next(2, 2)
        #expect(await third.next() == .update(2))
    }

    @Test("After a drop it is subscribed once, and each gets the gap")
    func drop() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen()
        await harness.feeds(2)
        link.drop()
        await harness.retry()
        let next = await harness.connect(2)
        #expect(await next.nextDeed() == .subscribe(1))
        #expect(await next.isQuiet())
        next.next(1, 2)
        for listener in [first, second] {
            #expect(await listener.gap() != nil)
            #expect(await listener.next() == .update(2))
        }
    }

    @Test("Who comes during an outage gets the last value, then the gap, then what comes")
    func joinDuringOutage() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        link.next(1, 1)
        #expect(await first.next() == .update(1))
        link.drop()
        guard let (delay, _) = await harness.waiting() else { return }
        let second = harness.listen()
        #expect(await second.next() == .update(1))
        await harness.clock.expire(delay)
        let next = await harness.connect(2)
        #expect(await next.nextDeed() == .subscribe(1))
        next.next(1, 2)
        #expect(await second.gap() != nil)
        #expect(await second.next() == .update(2))
    }

    @Test("Other variables, another recovery, or sharing switched off: a subscription of its own")
    func different() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen(variables: ["x": 1])
        guard case .sent = await link.nextDeed() else { return }
        let cursor = GraphQLRecovery<Int>.cursor(variable: "after", path: "n")
        let third = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: cursor))
        #expect(await link.nextDeed() == .subscribe(3))
        link.next(3, 3)
        link.next(2, 2)
        link.next(1, 1)
        #expect(await first.next() == .update(1))
        #expect(await second.next() == .update(2))
        #expect(await third.next() == .update(3))
    }
}
