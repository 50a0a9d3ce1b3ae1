// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Reconnecting: B46 to B57.
@Suite(.timeLimit(.minutes(1)))
struct ReconnectingBehaviours {
    @Test("B46 Without attempts the first close is told at once")
    func noAttempts() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let (listener, link) = await harness.subscribed()
        link.close(1005)
        #expect(await listener.failure()?.kind == .closed(code: 1005))
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B47 With three attempts there are one and three connections, if each closes before the acknowledgement")
    func threeAttempts() async {
        let harness = ScriptedClient {
            $0.policy.attempts = 3
            $0.policy.waitsForFirstConnection = true
        }
        let listener = harness.listen()
        for number in 1...3 {
            await harness.open(number).close(1001, "number \(number)")
            await harness.retry()
        }
        await harness.open(4).close(1001, "number 4")
        let error = await listener.failure()
        #expect(error?.kind == .closed(code: 1001))
        #expect(error?.message.contains("number 4") == true)
        #expect(harness.transport.dialCount == 4)
    }

    @Test(
        "B48 B49 Fifty operations are sent again after each drop; one attempt suffices for three drops of healthy connections"
    )
    func fiftyOperations() async {
        let harness = ScriptedClient { $0.policy.attempts = 1 }
        let (first, link) = await harness.subscribed()
        var listeners = [first]
        for number in 2...50 {
            listeners.append(harness.listen("n\(number)"))
            #expect(await link.nextDeed() == .subscribe(number, "n\(number)"))
        }
        var current = link
        for number in 2...4 {
            harness.clock.jump(by: .seconds(30))
            current.close(1012)
            #expect(await harness.retry() == .milliseconds(125))
            current = await harness.connect(number)
            #expect(await current.nextDeed() == .subscribe(1))
            for id in 2...50 { #expect(await current.nextDeed() == .subscribe(id, "n\(id)")) }
        }
        for (index, listener) in listeners.enumerated() {
            current.next(index + 1, index)
            // The three gaps may have been merged while nobody looked.
            var heard = await listener.next()
            while case .gap? = heard { heard = await listener.next() }
            #expect(heard == .update(index))
        }
    }

    @Test(
        "B50 Codes that say that trying again is of no use end the operation at once",
        arguments: [
            4004, 4005, 4400, 4406, 4409, 1002, 1008,
        ]
    )
    func fatalCodes(_ code: UInt16) async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(code, "no")
        let error = await listener.failure()
        #expect(error?.message.contains("code \(code): no") == true)
        #expect(await harness.failed() == error)
        #expect(harness.transport.dialCount == 1)
    }

    @Test(
        "B50 Without a provider of credentials 4401 and 4403 end the operation too",
        arguments: [
            (UInt16(4401), FreshetError.Kind.unauthorized), (4403, .forbidden),
        ]
    )
    func refusals(_ code: UInt16, _ kind: FreshetError.Kind) async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(code, "no")
        #expect(await listener.failure()?.kind == kind)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B50 A server in trouble is tried again, no sooner than after 5 s", arguments: [4429, 4500, 1011, 1013])
    func servers(_ code: UInt16) async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(code)
        #expect(await harness.retry() == .milliseconds(5125))
        #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        await listener.leave()
    }

    @Test("B51 A predicate may call any other close fatal; it gets the code and the reason")
    func fatalPredicate() async {
        let harness = ScriptedClient {
            $0.policy.close.decide = { error in
                error.kind == .closed(code: 4444) && error.message.contains("over and out") ? .fatal : nil
            }
        }
        let (listener, link) = await harness.subscribed()
        link.close(4444, "not yet")
        await harness.retry()
        await harness.connect(2).close(4444, "over and out")
        #expect(await listener.gap() != nil)
        #expect(await listener.failure()?.kind == .closed(code: 4444))
    }

    @Test("B51 So may the table of codes")
    func fatalTable() async {
        let harness = ScriptedClient { $0.policy.close.codes[4444] = .fatal }
        let (listener, link) = await harness.subscribed()
        link.close(4444)
        #expect(await listener.failure()?.kind == .closed(code: 4444))
    }

    @Test("B52 A predicate may have errors tried again that are fatal otherwise")
    func retriablePredicate() async {
        let harness = ScriptedClient {
            $0.policy.close.decide = { $0.kind == .tls(.expired) ? .retry : nil }
        }
        let (listener, link) = await harness.subscribed()
        link.drop()
        await harness.retry()
        await harness.transport.dial(2).end(.failure(FreshetError(.tls(.expired), "the certificate has expired")))
        #expect(await harness.retry() == .milliseconds(250))
        await harness.transport.dial(3).end(.failure(FreshetError(.tls(.revoked), "the certificate is revoked")))
        #expect(await listener.failure()?.kind == .tls(.revoked))
    }
}
