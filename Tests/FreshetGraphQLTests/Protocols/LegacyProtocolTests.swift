// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// The older protocol, `graphql-ws`, as a whole client speaks it.
@Suite(.timeLimit(.minutes(1)))
struct LegacyProtocolTests {
    private static func start(_ id: Int, _ name: String = "n") -> ScriptedLink.Deed {
        .sent(#"{"id":"\#(id)","payload":{"query":"subscription { \#(name) }"},"type":"start"}"#)
    }

    private static func stop(_ id: Int) -> ScriptedLink.Deed { .sent(#"{"id":"\#(id)","type":"stop"}"#) }

    private static func data(_ id: Int, _ n: Int) -> String {
        #"{"id":"\#(id)","type":"data","payload":{"data":{"n":\#(n)}}}"#
    }

    /// A connection of a server that chose the older protocol.
    private func connect(_ harness: ScriptedClient, _ number: Int = 1) async -> ScriptedLink {
        let link = await harness.transport.dial(number)
        link.open(subprotocol: "graphql-ws")
        #expect(await link.nextDeed() == .initialisation)
        link.receive(#"{"type":"connection_ack"}"#)
        return link
    }

    private func subscribed(_ harness: ScriptedClient) async -> (Listener<Int>, ScriptedLink) {
        let listener = harness.listen()
        let link = await self.connect(harness)
        #expect(await link.nextDeed() == Self.start(1))
        return (listener, link)
    }

    @Test("Both protocols are offered, the newer one first")
    func offer() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        #expect(await harness.transport.dial(1).target.subprotocols == ["graphql-transport-ws", "graphql-ws"])
        await listener.leave()
    }

    @Test(
        "It is spoken where the server chooses it, and where the server chooses none",
        arguments: [nil, "graphql-ws"]
    )
    func choice(_ subprotocol: String?) async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open(subprotocol: subprotocol)
        #expect(await link.nextDeed() == .initialisation)
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await link.nextDeed() == Self.start(1))
        await listener.leave()
        #expect(await link.nextDeed() == Self.stop(1))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("Each connection speaks what its own server chose")
    func choiceOfEach() async {
        let harness = ScriptedClient()
        let (listener, first) = await self.subscribed(harness)
        first.drop()
        await harness.retry()
        #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        await listener.leave()
    }

    @Test("A client that does not offer it does not speak it with a server that chooses none")
    func notOffered() async {
        let harness = ScriptedClient { $0.dialects = [.transportWS] }
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open(subprotocol: nil)
        #expect(await link.nextDeed() == .close(code: 1002))
        #expect(await listener.failure()?.kind == .protocolViolation)
    }

    @Test("Data, an error of one object, and complete mean what they mean in the newer one")
    func messages() async {
        let harness = ScriptedClient()
        let (first, link) = await self.subscribed(harness)
        let second = harness.listen("m")
        #expect(await link.nextDeed() == Self.start(2, "m"))
        link.receive(Self.data(1, 1), Self.data(2, 2), Self.data(1, 3), #"{"id":"1","type":"complete"}"#)
        #expect(await first.next() == .update(1))
        #expect(await first.next() == .update(3))
        #expect(await first.next() == .end)
        #expect(await second.next() == .update(2))
        link.receive(#"{"id":"2","type":"error","payload":{"message":"no"}}"#)
        #expect(await second.failure()?.graphQLErrors?.map(\.message) == ["no"])
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("The complete with which a server answers stop is ignored")
    func completeAfterStop() async {
        let harness = ScriptedClient()
        let (first, link) = await self.subscribed(harness)
        let second = harness.listen("m")
        #expect(await link.nextDeed() == Self.start(2, "m"))
        await first.leave()
        #expect(await link.nextDeed() == Self.stop(1))
        link.receive(#"{"id":"1","type":"complete"}"#, Self.data(2, 2))
        #expect(await second.next() == .update(2))
    }

    @Test("After a drop each live operation is started again, with the same id")
    func restart() async {
        let harness = ScriptedClient()
        let (listener, first) = await self.subscribed(harness)
        first.drop()
        #expect(await harness.retry() == .milliseconds(125))
        let second = await self.connect(harness, 2)
        #expect(await second.nextDeed() == Self.start(1))
        #expect(await listener.gap()?.reason == "it broke")
        second.receive(Self.data(1, 2))
        #expect(await listener.next() == .update(2))
    }

    @Test("A ka before the acknowledgement means nothing; the first one after it begins the watch")
    func earlyKeepAlive() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open(subprotocol: "graphql-ws")
        #expect(await link.nextDeed() == .initialisation)
        link.receive(#"{"type":"ka"}"#, #"{"type":"connection_ack"}"#)
        #expect(await link.nextDeed() == Self.start(1))
        await harness.anHour()
        #expect(await link.isQuiet())
        link.receive(#"{"type":"ka"}"#)
        await harness.clock.expire(.seconds(30))
        #expect(await link.nextDeed() == .abandon)
        await listener.leave()
    }

    @Test("A server that never sends a ka may be silent for as long as it likes")
    func noKeepAlive() async {
        let harness = ScriptedClient()
        let (listener, link) = await self.subscribed(harness)
        await harness.anHour()
        #expect(await link.isQuiet())
        link.receive(Self.data(1, 7))
        #expect(await listener.next() == .update(7))
    }

    @Test("A server that has sent a ka is given up after 30 s of silence; anything that it says ends a silence")
    func keepAlive() async {
        let harness = ScriptedClient()
        let (listener, link) = await self.subscribed(harness)
        link.receive(#"{"type":"ka"}"#)
        await harness.clock.sleepers()
        harness.clock.jump(by: .seconds(20))
        link.receive(Self.data(1, 7))
        #expect(await listener.next() == .update(7))
        await harness.clock.expire(.seconds(10))
        await harness.clock.expire(.seconds(20))
        #expect(await link.nextDeed() == .abandon)
        let waiting = await harness.waiting()
        #expect(waiting?.error.kind == .timeout(.keepAlive))
        #expect(waiting?.delay == .milliseconds(125))
        await listener.leave()
    }

    @Test("What the server says of no operation is noted, and nothing ends")
    func errorWithoutID() async {
        let harness = ScriptedClient()
        let (listener, link) = await self.subscribed(harness)
        link.receive(#"{"type":"error","payload":{"message":"what was that?"}}"#)
        #expect(await link.isQuiet())
        link.receive(Self.data(1, 7))
        #expect(await listener.next() == .update(7))
    }

    @Test("A one-shot result without a complete, as Ariadne sends it, ends the query, and nothing is stopped")
    func oneShotWithoutComplete() async throws {
        let harness = ScriptedClient()
        let (listener, link) = await self.subscribed(harness)
        async let result = harness.client.query(Int.self, "{ n }")
        #expect(await link.nextDeed() == .sent(#"{"id":"2","payload":{"query":"{ n }"},"type":"start"}"#))
        link.receive(Self.data(2, 7))
        #expect(try await result == 7)
        #expect(await link.isQuiet())
        await listener.leave()
    }

    @Test("Without a ping of its own, one connection takes over from another when the WebSocket's was answered")
    func rotation() async {
        let harness = ScriptedClient { $0.credentials = { _ in Credentials(lifetime: .seconds(100)) } }
        let (listener, first) = await self.subscribed(harness)
        first.receive(Self.data(1, 1))
        #expect(await listener.next() == .update(1))
        await harness.clock.expire(.seconds(75))
        let second = await self.connect(harness, 2)
        #expect(await second.nextDeed() == Self.start(1))
        #expect(await first.nextDeed() == .probe)
        first.answerPing(after: .zero)
        // What was on its way before that.
        await harness.clock.expire(.milliseconds(100))
        #expect(await first.nextDeed() == .goodbye)
        second.receive(Self.data(1, 2))
        #expect(await listener.next() == .update(2))
    }

    @Test("An old connection that does not answer has perhaps not said everything: a gap says so")
    func rotationWithoutAnswer() async {
        let harness = ScriptedClient { $0.credentials = { _ in Credentials(lifetime: .seconds(100)) } }
        let (listener, first) = await self.subscribed(harness)
        await harness.clock.expire(.seconds(75))
        let second = await self.connect(harness, 2)
        #expect(await second.nextDeed() == Self.start(1))
        #expect(await first.nextDeed() == .probe)
        await harness.clock.expire(.seconds(5))
        #expect(await first.nextDeed() == .goodbye)
        #expect(await listener.gap()?.reason == "the connection was replaced")
    }
}
