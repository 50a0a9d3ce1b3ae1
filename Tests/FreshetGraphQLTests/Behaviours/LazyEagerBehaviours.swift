// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// When there is a connection: B38 to B45.
@Suite(.timeLimit(.minutes(1)))
struct LazyEagerBehaviours {
    @Test("B38 Eager: it connects without an operation, and again after a drop")
    func eager() async {
        let harness = ScriptedClient { $0.policy.eager = true }
        let link = await harness.connect()
        await harness.state(.live)
        link.drop()
        #expect(await harness.retry() == .milliseconds(125))
        _ = await harness.connect(2)
        await harness.state(.live)
    }

    @Test("B39 Eager: closing the client closes the socket")
    func eagerClose() async {
        let harness = ScriptedClient { $0.policy.eager = true }
        let link = await harness.connect()
        await harness.client.close()
        #expect(await link.nextDeed() == .goodbye)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B40 Lazy: no socket before the first operation")
    func lazy() async {
        let harness = ScriptedClient()
        await harness.settle()
        #expect(harness.transport.dialCount == 0)
        #expect(await harness.nextState() == .idle)
        let listener = harness.listen()
        _ = await harness.connect()
        await listener.leave()
    }

    @Test("B41 Lazy: the socket stays while any operation lives, and closes after the last")
    func lazyLifetime() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        await first.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.isQuiet())
        await second.leave()
        #expect(await link.nextDeed() == .complete(2))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("B42 With a delay the socket stays open that long")
    func linger() async {
        let harness = ScriptedClient { $0.policy.linger = .seconds(3) }
        let (listener, link) = await harness.subscribed()
        await listener.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.isQuiet())
        await harness.clock.expire(.seconds(3))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("B43 A new operation within the delay begins it anew: no old timer fires")
    func lingerAgain() async {
        let harness = ScriptedClient { $0.policy.linger = .seconds(3) }
        let (first, link) = await harness.subscribed()
        await first.leave()
        #expect(await link.nextDeed() == .complete(1))
        await harness.clock.sleepers()
        harness.clock.jump(by: .seconds(2))
        let second = harness.listen()
        #expect(await link.nextDeed() == .subscribe(2))
        harness.clock.jump(by: .seconds(2))
        #expect(await link.isQuiet())
        await second.leave()
        #expect(await link.nextDeed() == .complete(2))
        await harness.clock.expire(.seconds(3))
        #expect(await link.nextDeed() == .goodbye)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B44 Eager without attempts: a close without a code is told by the state as 1005")
    func eagerWithoutAttempts() async {
        let harness = ScriptedClient {
            $0.policy.eager = true
            $0.policy.attempts = 0
        }
        await harness.connect().close(1005)
        #expect(await harness.failed()?.kind == .closed(code: 1005))
        await harness.settle()
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B45 Leaving twice is leaving once: other operations and the socket do not notice")
    func leavingTwice() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        await first.leave()
        await first.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.isQuiet())
        link.next(2, 2)
        #expect(await second.next() == .update(2))
    }
}
