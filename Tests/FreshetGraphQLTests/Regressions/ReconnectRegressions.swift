// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// What other clients got wrong about reconnecting. Each test names the project and the number of its issue.
@Suite(.timeLimit(.minutes(1)))
struct ReconnectRegressions {
    @Test(
        "supabase-swift 196, 585, 1147: every stream is joined again, with its variables, its cursor, and in its order"
    )
    func rejoinsEveryStreamAfterReconnect() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        var listeners = [first]
        for number in 2...20 {
            listeners.append(harness.listen(variables: ["filter": .integer(Int64(number))]))
            guard case .sent = await link.nextDeed() else { return }
        }
        let cursor = GraphQLRecovery<Int>.cursor(variable: "after", path: "n")
        listeners.append(Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: cursor)))
        #expect(await link.nextDeed() == .subscribe(21))
        link.next(21, 7)
        #expect(await listeners[20].next() == .update(7))
        link.drop()
        await harness.retry()
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(1))
        for id in 2...21 {
            let variables = id == 21 ? #"{"after":7}"# : #"{"filter":\#(id)}"#
            let payload = #"{"query":"subscription { n }","variables":\#(variables)}"#
            #expect(await second.nextDeed() == .sent(#"{"id":"\#(id)","payload":\#(payload),"type":"subscribe"}"#))
        }
        #expect(await second.isQuiet())
        for (index, listener) in listeners.enumerated() {
            second.next(index + 1, 100 + index)
            if index < 20 { #expect(await listener.gap() != nil) }
            #expect(await listener.next() == .update(100 + index))
        }
    }

    @Test(
        "supabase-swift 612: a client that was closed never connects again, whatever it is told",
        arguments: [
            false, true,
        ]
    )
    func explicitCloseNeverReconnects(_ isWaiting: Bool) async {
        let harness = ScriptedClient { $0.policy.eager = true }
        let (listener, link) = await harness.subscribed()
        if isWaiting {
            link.drop()
            _ = await harness.waiting()
        }
        await harness.client.close()
        #expect(await listener.failure()?.kind == .clientClosed)
        for hint in ConnectionHint.allCases { harness.client.hint(hint) }
        #expect(await harness.listen("m").failure()?.kind == .clientClosed)
        harness.clock.jump(by: .seconds(300))
        await harness.settle()
        #expect(harness.clock.sleeperCount == 0)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("nats.swift 120: a stream that could not be subscribed again fails loudly, and the others live on")
    func failedResubscribeIsNotConnected() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        link.drop()
        await harness.retry()
        let next = await harness.connect(2)
        next.error(2, "no such topic any more")
        #expect(await second.gap() != nil)
        #expect(await second.failure()?.graphQLErrors?.map(\.message) == ["no such topic any more"])
        next.next(1, 1)
        #expect(await first.gap() != nil)
        #expect(await first.next() == .update(1))
    }

    @Test("apollo-ios 3649: a connection that was replaced cannot say anything any more")
    func oldSocketCannotSpeak() async {
        let harness = ScriptedClient()
        let (listener, first) = await harness.subscribed()
        first.drop()
        await harness.retry()
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(1))
        let deeds = first.deeds
        first.next(1, 666)
        first.error(1, "ghost")
        first.complete(1)
        first.receive(#"{"type":"connection_error"}"#, #"{"type":"ping"}"#, "nonsense")
        first.open()
        second.next(1, 1)
        #expect(await listener.gap() != nil)
        #expect(await listener.next() == .update(1))
        #expect(first.deeds == deeds)
        #expect(harness.transport.dialCount == 2)
    }

    @Test("apollo-ios 3649: neither can one that is closing for a reason of ours")
    func closingSocketCannotSpeak() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.ignoreClose()
        link.receive("nonsense")
        #expect(await link.nextDeed() == .close(code: 4004))
        link.next(1, 666)
        link.complete(1)
        link.end(.failure(FreshetError(.protocolViolation, "nonsense")))
        #expect(await listener.failure()?.kind == .protocolViolation)
    }

    @Test(
        "convex-swift 16, apollo-ios 1178 and 1217, nhost 1225: each dial shows the present token, twice; an expired one never goes out"
    )
    func freshTokenOnEveryDial() async {
        let number = Locked(0)
        let harness = ScriptedClient {
            $0.credentials = { _ in
                let count = number.withLock { number in
                    number += 1
                    return number
                }
                return .bearer("token \(count)", lifetime: .seconds(60))
            }
        }
        let listener = harness.listen()
        for count in 1...5 {
            let link = await harness.transport.dial(count)
            #expect(link.target.configuration.headers == [HTTPHeader("Authorization", "Bearer token \(count)")])
            if count == 4 {
                // Connecting takes longer than the token lives.
                harness.clock.jump(by: .seconds(60))
                link.open()
                #expect(await link.nextDeed() == .abandon)
                #expect(link.deeds == [.abandon])
            } else {
                link.open()
                let payload = #"{"token":"token \#(count)"}"#
                #expect(await link.nextDeed() == .sent(#"{"payload":\#(payload),"type":"connection_init"}"#))
                link.receive(#"{"type":"connection_ack"}"#)
                #expect(await link.nextDeed() == .subscribe(1))
                link.drop()
            }
            if count < 5 { await harness.retry() }
        }
        await listener.leave()
    }

    @Test("websocat 186, 66: an hour of refusals costs the attempts that the backoff predicts")
    func noSpinOnReconnect() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.drop()
        var outage: Duration = .zero
        var attempts = 0
        while outage < .seconds(3600), let delay = await harness.retry() {
            outage += delay
            attempts += 1
            await harness.transport.dial(attempts + 1).end(.failure(FreshetError(.unreachable, "refused")))
        }
        // Seven waits of 16 s in all, then 15 s each.
        #expect(attempts == 7 + (3600 - 16 + 14) / 15)
        #expect(harness.transport.dialCount == attempts + 1)
        await listener.leave()
    }

    @Test("swiftkube-client: a thousand reconnects of healthy connections do not use up five attempts")
    func retryBudgetResets() async {
        let harness = ScriptedClient { $0.policy.attempts = 5 }
        let (listener, first) = await harness.subscribed()
        var link = first
        for number in 2...1001 {
            harness.clock.jump(by: .seconds(30))
            link.drop()
            guard await harness.retry() == .milliseconds(125) else {
                Issue.record("reconnect \(number) waits longer, or not at all")
                return
            }
            link = await harness.connect(number)
            #expect(await link.nextDeed() == .subscribe(1))
        }
        link.next(1, 7)
        var heard = await listener.next()
        while case .gap? = heard { heard = await listener.next() }
        #expect(heard == .update(7))
    }
}
