// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Cursors that are numbers: what the client says to a server that repeats, swaps, leaves out, or goes back.
@Suite(.timeLimit(.minutes(1)))
struct NumberedCursorTests {
    private static let document = "subscription($after: Int) { n(after: $after) }"

    private static func subscribe(_ id: Int, after: Int? = nil) -> ScriptedLink.Deed {
        let variables = after.map { #","variables":{"after":\#($0)}"# } ?? ""
        return .sent(#"{"id":"\#(id)","payload":{"query":"\#(Self.document)"\#(variables)},"type":"subscribe"}"#)
    }

    private func listen(_ harness: ScriptedClient) -> Listener<Int> {
        let recovery = GraphQLRecovery<Int>.cursor(variable: "after", path: "n", overlap: 2, isNumbered: true)
        return Listener(harness.client.subscribe(Int.self, Self.document, recovery: recovery))
    }

    /// A feed that had 1, 2 and 3.
    private func three(
        _ configure: (inout GraphQLClientConfiguration) -> Void = { _ in }
    ) async -> (ScriptedClient, Listener<Int>, ScriptedLink) {
        let harness = ScriptedClient(configure)
        let listener = self.listen(harness)
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.subscribe(1))
        link.next(1, 1, 2, 3)
        for n in 1...3 { #expect(await listener.next() == .update(n)) }
        return (harness, listener, link)
    }

    @Test("What comes twice, or from long ago, is not handed out")
    func repeated() async {
        let (harness, listener, link) = await self.three()
        link.next(1, 3, 1, 2, 4, 4, 5)
        #expect(await listener.next() == .update(4))
        #expect(await listener.next() == .update(5))
        #expect(await link.isQuiet())
        // It closes when nobody holds it.
        withExtendedLifetime(harness) {}
    }

    @Test("Where one is missing, the subscription is ended and made again on the same connection, after the backoff")
    func missing() async {
        let (harness, listener, link) = await self.three()
        link.next(1, 5)
        #expect(await link.nextDeed() == .complete(1))
        await harness.state(.degraded(subscriptions: 1))
        #expect(await link.isQuiet())
        await harness.clock.expire(.milliseconds(125))
        // With another number: what still comes of the old one is nobody's.
        #expect(await link.nextDeed() == Self.subscribe(2, after: 3))
        link.next(1, 4, 6, 7)
        link.complete(1)
        link.next(2, 4, 5)
        #expect(await listener.next() == .update(4))
        #expect(await listener.next() == .update(5))
        await harness.state(.live)
        await listener.leave()
        #expect(await link.nextDeed() == .complete(2))
    }

    @Test("What the server does not have when it is asked again is a gap with the exact count, and it is asked no more")
    func missingAgain() async {
        let (harness, listener, link) = await self.three()
        link.next(1, 6)
        #expect(await link.nextDeed() == .complete(1))
        await harness.clock.expire(.milliseconds(125))
        #expect(await link.nextDeed() == Self.subscribe(2, after: 3))
        link.next(2, 6, 7)
        let gap = await listener.gap()
        #expect(gap?.cause == .historyLost)
        #expect(gap?.count == 2)
        #expect(await listener.next() == .update(6))
        #expect(await listener.next() == .update(7))
        link.next(2, 5, 8)
        #expect(await listener.next() == .update(8))
        #expect(await link.isQuiet())
    }

    @Test("A server that leaves something out in every answer is asked more and more seldom")
    func backoff() async {
        let (harness, listener, link) = await self.three()
        var (id, last, delay) = (1, 3, Duration.milliseconds(125))
        for _ in 1...6 {
            link.next(id, last + 1, last + 3)
            #expect(await link.nextDeed() == .complete(id))
            (id, last) = (id + 1, last + 1)
            #expect(await listener.next() == .update(last))
            await harness.clock.expire(delay)
            #expect(await link.nextDeed() == Self.subscribe(id, after: last))
            delay *= 2
        }
        // One answer without a hole, and it begins again.
        link.next(id, last + 1)
        #expect(await listener.next() == .update(last + 1))
        link.next(id, last + 3)
        #expect(await link.nextDeed() == .complete(id))
        await harness.clock.expire(.milliseconds(125))
        #expect(await link.nextDeed() == Self.subscribe(id + 1, after: last + 1))
    }

    @Test("A server that begins too late after a drop is asked once more")
    func dropped() async {
        let (harness, listener, first) = await self.three()
        first.drop()
        await harness.retry()
        let link = await harness.connect(2)
        #expect(await link.nextDeed() == Self.subscribe(1, after: 3))
        link.next(1, 5)
        #expect(await link.nextDeed() == .complete(1))
        await harness.clock.expire(.milliseconds(125))
        #expect(await link.nextDeed() == Self.subscribe(2, after: 3))
        link.next(2, 3, 4, 5)
        #expect(await listener.next() == .update(4))
        #expect(await listener.next() == .update(5))
    }

    @Test("A drop during the backoff is a question too, and its timer asks nothing more")
    func droppedWhileResting() async {
        let (harness, listener, first) = await self.three { $0.policy.subscriptionBackoff.initial = .seconds(8) }
        first.next(1, 5)
        #expect(await first.nextDeed() == .complete(1))
        await harness.state(.degraded(subscriptions: 1))
        first.drop()
        await harness.retry()
        let link = await harness.connect(2)
        #expect(await link.nextDeed() == Self.subscribe(2, after: 3))
        harness.clock.jump(by: .seconds(4))
        await harness.settle()
        #expect(await link.isQuiet())
        link.next(2, 4, 5)
        #expect(await listener.next() == .update(4))
        #expect(await listener.next() == .update(5))
    }

    @Test("Who shares the subscription goes on with it, and may leave it")
    func shared() async {
        let (harness, listener, link) = await self.three()
        let second = self.listen(harness)
        #expect(await second.next() == .update(3))
        link.next(1, 5)
        #expect(await link.nextDeed() == .complete(1))
        await listener.leave()
        // Who comes now joins what is being made again.
        let third = self.listen(harness)
        #expect(await third.next() == .update(3))
        await harness.clock.expire(.milliseconds(125))
        #expect(await link.nextDeed() == Self.subscribe(2, after: 3))
        link.next(2, 4)
        #expect(await second.next() == .update(4))
        #expect(await third.next() == .update(4))
    }

    @Test("A result without a whole number is handed out, and ends the feed")
    func unnumbered() async {
        let harness = ScriptedClient()
        let recovery = GraphQLRecovery<Int>.cursor(variable: "after", path: "n.wrong", isNumbered: true)
        let listener = Listener(harness.client.subscribe(Int.self, Self.document, recovery: recovery))
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.subscribe(1))
        link.next(1, 1, 2)
        #expect(await listener.next() == .update(1))
        let error = await listener.failure()
        #expect(error?.kind == .decoding)
        #expect(error?.hint?.contains("isNumbered") == true)
        #expect(await link.nextDeed() == .complete(1))
    }

    @Test("A result with errors ends the feed with them, not with its missing number")
    func errors() async {
        let (harness, listener, link) = await self.three()
        link.receive(#"{"id":"1","type":"next","payload":{"data":null,"errors":[{"message":"no more"}]}}"#)
        let error = await listener.failure()
        #expect(error?.message.contains("no more") == true)
        // It closes when nobody holds it.
        withExtendedLifetime(harness) {}
    }

    // MARK: - Two connections

    /// A feed that had 1, 2 and 3, and is subscribed on a second connection as well.
    private func replaced() async -> (ScriptedClient, Listener<Int>, old: ScriptedLink, new: ScriptedLink) {
        let lifetimes = Locked<[Duration]>([.seconds(4)])
        let harness = ScriptedClient {
            $0.credentials = { _ in Credentials(lifetime: lifetimes.withLock { $0.popLast() }) }
        }
        let listener = self.listen(harness)
        let old = await harness.connect()
        #expect(await old.nextDeed() == Self.subscribe(1))
        old.next(1, 1, 2, 3)
        for n in 1...3 { #expect(await listener.next() == .update(n)) }
        await harness.clock.sleepers()
        await harness.clock.advance(by: .seconds(3))
        let new = await harness.connect(2)
        #expect(await new.nextDeed() == Self.subscribe(1, after: 3))
        return (harness, listener, old, new)
    }

    @Test("From one connection to the other each number comes once")
    func rotation() async {
        let (harness, listener, old, new) = await self.replaced()
        old.next(1, 4, 5)
        for n in 4...5 { #expect(await listener.next() == .update(n)) }
        new.next(1, 4, 5, 6)
        await old.reach(.goodbye)
        new.next(1, 7)
        for n in 6...7 { #expect(await listener.next() == .update(n)) }
        // It closes when nobody holds it.
        withExtendedLifetime(harness) {}
    }

    @Test("One that begins too late on the second connection is asked for once more there")
    func rotationTooLate() async {
        let (harness, listener, old, new) = await self.replaced()
        new.next(1, 6)
        await old.reach(.goodbye)
        await new.reach(.complete(1))
        await harness.clock.expire(.milliseconds(125))
        #expect(await new.nextDeed() == Self.subscribe(2, after: 3))
        new.next(2, 6)
        #expect(await listener.gap()?.count == 2)
        #expect(await listener.next() == .update(6))
    }

    @Test("One that is missing on the old connection is asked for on the new one")
    func missingWhileReplaced() async {
        let (harness, listener, old, new) = await self.replaced()
        old.next(1, 5)
        await old.reach(.complete(1))
        await new.reach(.complete(1))
        await harness.clock.expire(.milliseconds(125))
        await new.reach(Self.subscribe(2, after: 3))
        old.next(1, 6)
        new.next(1, 6)
        new.next(2, 4, 5, 6)
        for n in 4...6 { #expect(await listener.next() == .update(n)) }
    }

    @Test("If the new connection breaks before it was asked there, it is asked for on the old one")
    func replacementBreaks() async {
        let (harness, listener, old, new) = await self.replaced()
        old.next(1, 5)
        await old.reach(.complete(1))
        await new.reach(.complete(1))
        new.drop()
        await old.reach(Self.subscribe(2, after: 3))
        old.next(2, 4, 5)
        for n in 4...5 { #expect(await listener.next() == .update(n)) }
        // It closes when nobody holds it.
        withExtendedLifetime(harness) {}
    }
}
