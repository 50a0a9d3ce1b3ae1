// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// What an app tells its client of the network and of itself.
@Suite(.timeLimit(.minutes(1)))
struct HintTests {
    @Test(
        "A suspended client says goodbye, waits for nothing, and is back at once when it is resumed, with a gap that says why"
    )
    func suspend() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        harness.client.hint(.suspend)
        #expect(await link.nextDeed() == .goodbye)
        await harness.state(.suspended)
        harness.clock.jump(by: .seconds(60))
        #expect(harness.clock.sleeperCount == 0)
        harness.client.hint(.resume)
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(1))
        let gap = await listener.gap()
        #expect(gap?.reason == "the connection was suspended")
        #expect(gap?.outage == .seconds(60))
    }

    @Test("A client that is suspended while it waits for an attempt makes none before it is resumed")
    func suspendWhileWaiting() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.drop()
        _ = await harness.waiting()
        harness.client.hint(.suspend)
        await harness.state(.suspended)
        #expect(harness.clock.sleeperCount == 0)
        harness.client.hint(.resume)
        #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        #expect(await listener.gap()?.reason == "it broke")
    }

    @Test("Who subscribes while the client is suspended is served when it is resumed")
    func subscribeWhileSuspended() async {
        let harness = ScriptedClient()
        harness.client.hint(.suspend)
        let listener = harness.listen()
        await harness.feeds(1)
        #expect(harness.transport.dialCount == 0)
        harness.client.hint(.resume)
        let link = await harness.connect()
        #expect(await link.nextDeed() == .subscribe(1))
        link.next(1, 7)
        #expect(await listener.next() == .update(7))
    }

    @Test("A changed network cuts the wait before the next attempt short")
    func networkChanged() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.drop()
        _ = await harness.waiting()
        harness.client.hint(.networkChanged)
        #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        #expect(harness.clock.sleeperCount == 0)
        #expect(await listener.gap()?.outage == .zero)
    }

    @Test("Hints that do not fit do nothing")
    func unfitting() async {
        let harness = ScriptedClient()
        harness.client.hint(.resume)
        harness.client.hint(.credentialsChanged)
        harness.client.hint(.networkChanged)
        let (listener, link) = await harness.subscribed()
        harness.client.hint(.resume)
        harness.client.hint(.credentialsChanged)
        #expect(await link.isQuiet())
        #expect(harness.transport.dialCount == 1)
        await listener.leave()
    }
}
