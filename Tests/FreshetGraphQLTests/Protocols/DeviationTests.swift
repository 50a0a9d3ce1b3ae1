// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// What servers do in the newer protocol that it does not foresee.
@Suite(.timeLimit(.minutes(1)))
struct DeviationTests {
    @Test(
        "connection_error is a refusal of the credentials in both protocols, with the server's words",
        arguments: [
            "graphql-transport-ws", "graphql-ws",
        ]
    )
    func connectionError(_ subprotocol: String) async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open(subprotocol: subprotocol)
        #expect(await link.nextDeed() == .initialisation)
        link.receive(#"{"type":"connection_error","payload":{"message":"JWT expired"}}"#)
        #expect(await link.nextDeed() == .goodbye)
        let error = await listener.failure()
        #expect(error?.kind == .unauthorized)
        #expect(error?.message == "the server rejected the connection: JWT expired")
    }

    @Test(
        "After connection_error the provider is asked for others, once, before the client waits for new ones",
        arguments: [
            "graphql-transport-ws", "graphql-ws",
        ]
    )
    func connectionErrorRefreshes(_ subprotocol: String) async {
        let reasons = Locked<[Credentials.Reason]>([])
        let harness = ScriptedClient {
            $0.credentials = { reason in
                reasons.withLock { $0.append(reason) }
                return Credentials()
            }
        }
        let listener = harness.listen()
        for number in 1...2 {
            let link = await harness.transport.dial(number)
            link.open(subprotocol: subprotocol)
            #expect(await link.nextDeed() == .initialisation)
            link.receive(#"{"type":"connection_error","payload":"no"}"#)
        }
        await harness.state { if case .needsCredentials = $0 { true } else { false } }
        #expect(reasons.withLock { $0 } == [.connecting, .refused])
        await listener.leave()
    }

    @Test("A close with 1000 whose reason begins with another code means that code")
    func codeInReason() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(1000, "4400: invalid message")
        #expect(await listener.failure()?.message.contains("4400: invalid message") == true)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("A close with 1000 and 4401 in its reason asks for other credentials")
    func refusalInReason() async {
        let reasons = Locked<[Credentials.Reason]>([])
        let harness = ScriptedClient {
            $0.credentials = { reason in
                reasons.withLock { $0.append(reason) }
                return Credentials()
            }
        }
        let (listener, link) = await harness.subscribed()
        link.close(1000, "4401: token expired")
        #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        #expect(reasons.withLock { $0 } == [.connecting, .refused])
        await listener.leave()
    }

    @Test("A rejection that is a close with 1000 and no word, as Ariadne sends it, fails the first connection")
    func silentRejection() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        await harness.open().close(1000)
        #expect(await listener.failure()?.kind == .closed(code: 1000))
    }

    @Test("A rejection that is a close with 1002, as async-graphql sends it, is fatal")
    func rejectionByProtocolError() async {
        let harness = ScriptedClient { $0.policy.waitsForFirstConnection = true }
        let listener = harness.listen()
        await harness.open().close(1002, "bad token")
        #expect(await listener.failure()?.message.contains("bad token") == true)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("A next without a data key is what its errors say")
    func withoutData() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"id":"1","type":"next","payload":{"errors":[{"message":"it raised"}]}}"#)
        #expect(await listener.failure()?.graphQLErrors?.map(\.message) == ["it raised"])
        // The feed is at its end, so the server is told.
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("A next with data null, then errors, then complete, is one error")
    func nullData() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(
            #"{"id":"1","type":"next","payload":{"data":null,"errors":[{"message":"it raised"}]}}"#,
            #"{"id":"1","type":"complete"}"#
        )
        #expect(await listener.failure()?.graphQLErrors?.map(\.message) == ["it raised"])
        #expect(await listener.next() == nil)
    }

    @Test("An error's payload may be one object, or errors in one")
    func errorObject() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        link.receive(#"{"id":"1","type":"error","payload":{"message":"no"}}"#)
        link.receive(#"{"id":"2","type":"error","payload":{"errors":[{"message":"never"}]}}"#)
        #expect(await first.failure()?.graphQLErrors?.map(\.message) == ["no"])
        #expect(await second.failure()?.graphQLErrors?.map(\.message) == ["never"])
    }

    @Test("A second acknowledgement is ignored: nothing is subscribed twice")
    func secondAcknowledgement() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await link.isQuiet())
        link.next(1, 7)
        #expect(await listener.next() == .update(7))
    }

    @Test("A ka in the newer protocol is ignored, and watches over nothing")
    func keepAlive() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"ka"}"#)
        #expect(await link.isQuiet())
        await harness.anHour()
        #expect(await link.isQuiet())
        await listener.leave()
    }

    @Test("A server that answers with a subprotocol that was not offered is not spoken to")
    func foreignSubprotocol() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open(subprotocol: "mqtt")
        #expect(await link.nextDeed() == .close(code: 1002))
        #expect(await listener.failure()?.kind == .protocolViolation)
    }
}
