// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Rules that the reference's source has and its tests do not show, S1 to S7, as a whole client keeps them. As its source of
/// messages keeps them, `GraphQLSourceTests` shows.
@Suite(.timeLimit(.minutes(1)))
struct RuleBehaviours {
    @Test("S1 Words about operations that are over, or never were, are ignored")
    func unknownOperations() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        link.complete(1)
        #expect(await first.next() == .end)
        link.next(1, 1)
        link.error(1)
        link.complete(1)
        link.next(77, 1)
        link.complete(77)
        link.receive(#"{"id":"x","type":"error","payload":[]}"#)
        #expect(await link.isQuiet())
        link.next(2, 2)
        #expect(await second.next() == .update(2))
    }

    @Test(
        "S2 A first message that is not the acknowledgement closes with 4004",
        arguments: [
            #"{"id":"1","type":"next","payload":{"data":{"n":1}}}"#, #"{"id":"1","type":"complete"}"#, #"{"id":"1"}"#,
        ]
    )
    func acknowledgementFirst(_ message: String) async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.open()
        link.receive(message)
        #expect(await link.nextDeed() == .close(code: 4004))
        #expect(await listener.failure()?.kind == .protocolViolation)
    }

    @Test("S3 Pings and pongs are welcome before the acknowledgement, and nothing is sent but the answer")
    func pingBeforeAcknowledgement() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.open()
        link.receive(#"{"type":"pong"}"#)
        #expect(await link.isQuiet())
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await link.nextDeed() == .subscribe(1))
        await listener.leave()
    }

    @Test("S4 Without parameters there is no payload, with those of null it is null")
    func absentPayload() async {
        let harness = ScriptedClient { $0.connectionParameters = .null }
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open()
        #expect(await link.nextDeed() == .sent(#"{"payload":null,"type":"connection_init"}"#))
        await listener.leave()
        let other = ScriptedClient()
        let without = other.listen()
        #expect(await other.open().deeds == [.initialisation])
        await without.leave()
    }

    @Test("S5 An operation that was never sent is not completed: leaving before the acknowledgement says nothing of it")
    func completeOnlyWhatWasSent() async {
        let harness = ScriptedClient()
        let first = harness.listen()
        let link = await harness.open()
        let second = harness.listen("m")
        await harness.feeds(2)
        await second.leave()
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await link.nextDeed() == .subscribe(1))
        #expect(await link.isQuiet())
        await first.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("S5 Nor is one that waits for its turn")
    func completeOnlyWhatHadItsTurn() async {
        let harness = ScriptedClient { $0.policy.pace = SubscriptionPace(burst: 1, interval: .seconds(1)) }
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        await harness.clock.sleeper(of: .seconds(1))
        await second.leave()
        #expect(await link.isQuiet())
        await first.leave()
        #expect(await link.nextDeed() == .complete(1))
    }

    @Test("S6 Payloads that the protocol does not allow, and that do no harm, are let pass")
    func oddPayloads() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"ping","payload":5}"#)
        #expect(await link.nextDeed() == .sent(#"{"type":"pong","payload":5}"#))
        link.receive(#"{"id":"1","type":"error","payload":[]}"#)
        #expect(await listener.failure()?.graphQLErrors == [])
    }

    @Test("S7 One wait for all operations; the counter counts connections, not operations")
    func oneWait() async {
        let harness = ScriptedClient { $0.policy.attempts = 2 }
        let (first, link) = await harness.subscribed()
        var listeners = [first]
        for number in 2...10 {
            listeners.append(harness.listen("n\(number)"))
            #expect(await link.nextDeed() == .subscribe(number, "n\(number)"))
        }
        link.drop()
        guard let (delay, _) = await harness.waiting() else { return }
        await harness.clock.sleepers()
        #expect(harness.clock.sleeperCount == 1)
        await harness.clock.expire(delay)
        await harness.open(2).drop()
        #expect(await harness.retry() == .milliseconds(250))
        let third = await harness.connect(3)
        for (index, listener) in listeners.enumerated() {
            third.next(index + 1, index)
            #expect(await listener.gap() != nil)
            #expect(await listener.next() == .update(index))
        }
        #expect(harness.transport.dialCount == 3)
    }
}
