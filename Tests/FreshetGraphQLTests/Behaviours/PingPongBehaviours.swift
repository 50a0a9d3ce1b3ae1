// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Ping and pong: B22 to B26.
@Suite(.timeLimit(.minutes(1)))
struct PingPongBehaviours {
    @Test("B22 A server's ping is answered with a pong")
    func ping() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"ping"}"#)
        #expect(await link.nextDeed() == .pong)
        await listener.leave()
    }

    @Test("B23 The ping's payload comes back in the pong, byte for byte")
    func pingPayload() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"payload": {"é" : [1.0, null ]}, "type":"ping"}"#)
        #expect(await link.nextDeed() == .sent(#"{"type":"pong","payload":{"é" : [1.0, null ]}}"#))
        await listener.leave()
    }

    @Test("B24 Each of several pings in one read is answered, in order, also before the acknowledgement")
    func everyPing() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.open()
        link.receive(#"{"type":"ping","payload":{"n":1}}"#, #"{"type":"ping","payload":{"n":2}}"#)
        #expect(await link.nextDeed() == .sent(#"{"type":"pong","payload":{"n":1}}"#))
        #expect(await link.nextDeed() == .sent(#"{"type":"pong","payload":{"n":2}}"#))
        await listener.leave()
    }

    @Test("B25 A pong that nobody asked for causes no reply and no close")
    func pong() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"pong"}"#, #"{"type":"pong","payload":{"a":1}}"#)
        #expect(await link.isQuiet())
        link.next(1, 7)
        #expect(await listener.next() == .update(7))
    }

    @Test("B26 A bare ping goes out where the client has to know that a subscription was read")
    func barePing() async {
        let harness = ScriptedClient()
        let recovery = GraphQLRecovery<Int>.refetch(using: { 5 })
        let listener = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: recovery))
        let link = await harness.connect()
        #expect(await link.nextDeed() == .subscribe(1))
        #expect(await link.nextDeed() == .ping)
        link.receive(#"{"type":"pong"}"#)
        #expect(await listener.next() == .snapshot(5))
    }

    @Test("B26 A changed network makes the client ask a live connection whether it still is")
    func probe() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        harness.client.hint(.networkChanged)
        #expect(await link.nextDeed() == .probe)
        await listener.leave()
    }
}
