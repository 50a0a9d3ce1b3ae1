// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

/// One connection taking over from another.
@Suite(.timeLimit(.minutes(1)))
struct HandOverTests {
    @Test("A query that waits for its turn while the connection is replaced has it on the new one")
    func waitsThroughRotation() async throws {
        var policy = ConnectionPolicy()
        policy.pace = SubscriptionPace(burst: 1, interval: .seconds(10))
        let lifetimes = Locked<[Duration]>([.seconds(4)])
        let harness = try Harness(policy: policy) { _ in
            Credentials(lifetime: lifetimes.withLock { $0.popLast() })
        }
        let feed = Consumer(harness.feed("a"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a"))
        let query = Consumer(harness.feed("b?"))
        for await health in harness.client.health(every: .zero) where health.feeds == 2 { break }

        // The rotation, and the turn of the query on the old connection.
        await harness.clock.sleepers(2)
        await harness.clock.advance(by: .seconds(3))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("sub 1 a"))
        await self.answerPings(first, second)
        // What is on its way to the old connection, the longest overlap, and the query's turn.
        await harness.clock.sleepers(3)
        await harness.clock.advance(by: .milliseconds(100))
        #expect(await first.nextDeed() == .close(code: 1000))
        first.end(.ours)
        await harness.clock.sleepers()
        await harness.clock.advance(by: .milliseconds(9900))
        #expect(await second.nextDeed() == .sent("sub 2 b?"))
        second.receive("2 x", "1 y")
        #expect(await query.next() == .event(.update("x")))
        #expect(await query.next() == .end)
        #expect(await feed.next() == .event(.update("y")))
    }

    @Test("An element that the old connection brings after its last word is not lost when it is replaced")
    func lateOnOld() async throws {
        let lifetimes = Locked<[Duration]>([.seconds(4)])
        let harness = try Harness { _ in Credentials(lifetime: lifetimes.withLock { $0.popLast() }) }
        let feed = Consumer(harness.feed("a"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a"))
        await harness.clock.sleepers()
        await harness.clock.advance(by: .seconds(3))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("sub 1 a"))
        await self.answerPings(first, second)
        first.receive("1 x")
        #expect(await feed.next() == .event(.update("x")))
        // The new subscription began after that one.
        second.receive("1 y")
        first.receive("1 y")
        #expect(await feed.next() == .event(.update("y")))
        #expect(await first.nextDeed() == .close(code: 1000))
        second.receive("1 z")
        #expect(await feed.next() == .event(.update("z")))
    }

    /// Both say that they have read everything, the new one first: then the old one is asked.
    private func answerPings(_ old: ScriptedLink, _ new: ScriptedLink) async {
        #expect(await new.nextDeed() == .sent("ping"))
        new.receive("pong")
        #expect(await old.nextDeed() == .sent("ping"))
        old.receive("pong")
    }
}
