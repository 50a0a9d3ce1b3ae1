// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Making up for what was missed, from the wire to decoded values.
@Suite(.timeLimit(.minutes(1)))
struct RecoveryTests {
    private struct Tick: Codable, Sendable, Equatable {
        let n: Int
        var s = "A"

        init(_ n: Int, _ s: String = "A") { (self.n, self.s) = (n, s) }
    }

    private static func tick(_ id: Int, _ n: Int, _ s: String = "A") -> String {
        #"{"id":"\#(id)","type":"next","payload":{"data":{"tick":{"n":\#(n),"s":"\#(s)"}}}}"#
    }

    private static let document = "subscription { tick { n s } }"
    private static let subscribe = ScriptedLink.Deed.sent(
        #"{"id":"1","payload":{"query":"\#(Self.document)"},"type":"subscribe"}"#
    )
    private static let pong = #"{"type":"pong"}"#

    private static func query(_ id: Int) -> ScriptedLink.Deed {
        .sent(#"{"id":"\#(id)","payload":{"query":"{ tick { n s } }"},"type":"subscribe"}"#)
    }

    private func listen(_ harness: ScriptedClient, _ recovery: GraphQLRecovery<Tick>) -> Listener<Tick> {
        Listener(harness.client.subscribe(Tick.self, Self.document, recovery: recovery))
    }

    /// A connection whose server has read the subscription.
    private func settled(_ harness: ScriptedClient, _ number: Int = 1) async -> ScriptedLink {
        let link = await harness.connect(number)
        #expect(await link.nextDeed() == Self.subscribe)
        #expect(await link.nextDeed() == .ping)
        link.receive(Self.pong)
        return link
    }

    @Test("By a query: a snapshot at the beginning and after each gap, with what came meanwhile after it")
    func refetchQuery() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness, .refetch("{ tick { n s } }"))
        let first = await self.settled(harness)
        #expect(await first.nextDeed() == Self.query(2))
        first.receive(Self.tick(1, 2), Self.tick(2, 1), #"{"id":"2","type":"complete"}"#, Self.tick(1, 3))
        #expect(await listener.next() == .snapshot(Tick(1)))
        #expect(await listener.next() == .update(Tick(2)))
        #expect(await listener.next() == .update(Tick(3)))
        first.drop()
        await harness.retry()
        let second = await self.settled(harness, 2)
        #expect(await second.nextDeed() == Self.query(3))
        second.receive(Self.tick(1, 9), Self.tick(3, 8))
        #expect(await listener.gap()?.reason == "it broke")
        #expect(await listener.next() == .snapshot(Tick(8)))
        #expect(await listener.next() == .update(Tick(9)))
    }

    @Test("By a query with versions: what was held back and is no newer than the snapshot is not handed out")
    func refetchQueryWithVersions() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness, .refetch("{ tick { n s } }", key: "tick.s", version: "tick.n"))
        let link = await self.settled(harness)
        #expect(await link.nextDeed() == Self.query(2))
        link.receive(Self.tick(1, 4), Self.tick(1, 5), Self.tick(1, 4, "B"), Self.tick(1, 6), Self.tick(2, 5))
        #expect(await listener.next() == .snapshot(Tick(5)))
        #expect(await listener.next() == .update(Tick(4, "B")))
        #expect(await listener.next() == .update(Tick(6)))
    }

    @Test(
        "A connection that breaks while the query is on its way: asked again, and nothing is handed out over the hole"
    )
    func refetchInterrupted() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness, .refetch("{ tick { n s } }"))
        let first = await self.settled(harness)
        #expect(await first.nextDeed() == Self.query(2))
        first.receive(Self.tick(1, 2))
        first.drop()
        await harness.retry()
        let second = await self.settled(harness, 2)
        #expect(await second.nextDeed() == Self.query(3))
        second.receive(Self.tick(3, 8), Self.tick(1, 9))
        #expect(await listener.gap() != nil)
        #expect(await listener.next() == .snapshot(Tick(8)))
        #expect(await listener.next() == .update(Tick(9)))
    }

    @Test("By a function: called at the beginning and after each gap; a failure of the network calls it again")
    func refetchFunction() async {
        let calls = Locked(0)
        let harness = ScriptedClient()
        let recovery = GraphQLRecovery<Tick>.refetch {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call == 2 { throw FreshetError(.unreachable, "no REST") }
            return Tick(call * 100)
        }
        let listener = self.listen(harness, recovery)
        let first = await self.settled(harness)
        #expect(await listener.next() == .snapshot(Tick(100)))
        first.drop()
        await harness.retry()
        let second = await self.settled(harness, 2)
        #expect(await listener.gap() != nil)
        second.receive(Self.tick(1, 1))
        await harness.clock.expire(.milliseconds(125))
        #expect(await listener.next() == .snapshot(Tick(300)))
        #expect(await listener.next() == .update(Tick(1)))
    }

    @Test("A function that fails for good ends the feed, and its words are not shown")
    func functionFails() async {
        struct LeakyError: Error, CustomStringConvertible { var description: String { "s3cret" } }
        let harness = ScriptedClient()
        let listener = self.listen(harness, .refetch(using: { throw LeakyError() }))
        let link = await self.settled(harness)
        let error = await listener.failure()
        #expect(error?.message == "the recovery function failed with LeakyError")
        #expect(await link.nextDeed() == .complete(1))
    }

    @Test("A custom recovery hears of the gap, and makes changes, a snapshot or nothing of it")
    func custom() async {
        let gaps = Locked<[Gap?]>([])
        let harness = ScriptedClient()
        let recovery = GraphQLRecovery<Tick>.custom { gap in
            let count = gaps.withLock { gaps in
                gaps.append(gap)
                return gaps.count
            }
            return switch count {
            case 1: .snapshot(Tick(1))
            case 2: .changes([Tick(2), Tick(3)])
            case 3: .snapshot(Tick(4))
            default: .nothing
            }
        }
        let listener = self.listen(harness, recovery)
        var link = await self.settled(harness)
        #expect(await listener.next() == .snapshot(Tick(1)))
        for number in 2...4 {
            link.drop()
            await harness.retry()
            link = await self.settled(harness, number)
            switch number {
            case 2:
                #expect(await listener.next() == .update(Tick(2)))
                #expect(await listener.next() == .update(Tick(3)))
            case 3:
                #expect(await listener.gap() != nil)
                #expect(await listener.next() == .snapshot(Tick(4)))
            default:
                #expect(await listener.gap() != nil)
            }
        }
        #expect(gaps.withLock { $0.map { $0?.reason } } == [nil, "it broke", "it broke", "it broke"])
        link.receive(Self.tick(1, 5))
        #expect(await listener.next() == .update(Tick(5)))
    }

    @Test("The deadline of a fetch goes with it: it does not cut a later one short")
    func deadlineOfCancelledFetch() async {
        let harness = ScriptedClient()
        let gate = Gate()
        let recovery = GraphQLRecovery<Tick>.refetch {
            await gate.wait()
            return Tick(1)
        }
        let listener = self.listen(harness, recovery)
        let first = await self.settled(harness)
        await harness.clock.sleeper(of: .seconds(10))
        first.drop()
        await harness.retry()
        _ = await harness.transport.dial(2)
        #expect(harness.clock.sleeperCount == 0)
        gate.open()
        _ = await self.settled(harness, 2)
        #expect(await listener.gap() != nil)
        #expect(await listener.next() == .snapshot(Tick(1)))
    }

    @Test("A server that does not answer the ping has had time enough after 2 s")
    func unansweredPing() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness, .refetch(using: { Tick(1) }))
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.subscribe)
        #expect(await link.nextDeed() == .ping)
        await harness.clock.expire(.seconds(2))
        #expect(await listener.next() == .snapshot(Tick(1)))
    }

    @Test("A snapshot that does not come within 10 s is fetched again")
    func slowFetch() async {
        let harness = ScriptedClient()
        let (begun, gate) = (Gate(), Gate())
        let calls = Locked(0)
        let recovery = GraphQLRecovery<Tick>.refetch {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            begun.open()
            if call == 1 { await gate.wait() }
            return Tick(call)
        }
        let listener = self.listen(harness, recovery)
        let link = await self.settled(harness)
        link.receive(Self.tick(1, 9))
        await begun.wait()
        await harness.clock.expire(.seconds(10))
        await harness.clock.expire(.milliseconds(125))
        #expect(await listener.next() == .snapshot(Tick(2)))
        #expect(await listener.next() == .update(Tick(9)))
        gate.open()
    }
}
