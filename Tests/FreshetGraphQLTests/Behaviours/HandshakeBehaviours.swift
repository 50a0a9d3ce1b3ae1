// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// Construction, URL, handshake: B1 to B9.
@Suite(.timeLimit(.minutes(1)))
struct HandshakeBehaviours {
    @Test("B1 An injected transport carries everything")
    func injectedTransport() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.next(1, 7)
        #expect(await listener.next() == .update(7))
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B2 A URL that cannot work is told by the first pull, and nothing is dialled")
    func badURL() async {
        let harness = ScriptedClient(url: "gopher://127.0.0.1/")
        #expect(await harness.listen().failure()?.kind == .invalidInput)
        #expect(harness.transport.dialCount == 0)
    }

    @Test("B3 The URL may come from an asynchronous provider, for each attempt anew")
    func asynchronousURL() async throws {
        let number = Locked(0)
        let harness = ScriptedClient {
            $0.credentials = { _ in
                await Task.yield()
                let attempt = number.withLock { number in
                    number += 1
                    return number
                }
                return Credentials(url: "ws://127.0.0.1:1/attempt/\(attempt)")
            }
        }
        let (listener, first) = await harness.subscribed()
        #expect(first.target.endpoint == (try Endpoint("ws://127.0.0.1:1/attempt/1")))
        first.drop()
        await harness.retry()
        let second = await harness.transport.dial(2)
        #expect(second.target.endpoint == (try Endpoint("ws://127.0.0.1:1/attempt/2")))
        await listener.leave()
    }

    @Test("B4 An acknowledgement may have a payload of any kind", arguments: [#"{"a":[1,{}]}"#, "null", "[]", "5"])
    func acknowledgementPayload(_ payload: String) async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        let link = await harness.open()
        link.receive(#"{"type":"connection_ack","payload":\#(payload)}"#)
        #expect(await link.nextDeed() == .subscribe(1))
        await harness.state(.live)
        await listener.leave()
    }

    @Test("B5 Parameters may be a value")
    func parametersValue() async {
        let harness = ScriptedClient { $0.connectionParameters = ["token": "t"] }
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open()
        #expect(await link.nextDeed() == .sent(#"{"payload":{"token":"t"},"type":"connection_init"}"#))
        await listener.leave()
    }

    @Test("B5 Parameters may come from a function, at once or later, and then those of the configuration do not count")
    func parametersFunction() async {
        let harness = ScriptedClient {
            $0.connectionParameters = ["token": "old"]
            $0.credentials = { reason in
                await Task.yield()
                return Credentials(parameters: ["reason": .string("\(reason)")])
            }
        }
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        link.open()
        #expect(await link.nextDeed() == .sent(#"{"payload":{"reason":"connecting"},"type":"connection_init"}"#))
        await listener.leave()
    }

    @Test("B6 When the provider of parameters fails, the operation fails with that very error, and nothing is dialled")
    func parametersFail() async {
        let error = FreshetError(.credentials, "the key chain is locked")
        let harness = ScriptedClient { $0.credentials = { _ in throw error } }
        #expect(await harness.listen().failure() == error)
        #expect(harness.transport.dialCount == 0)
    }

    @Test("B7 Parameters that come too late are not sent any more: the operation has failed by then")
    func parametersTooLate() async {
        let gate = Gate()
        let harness = ScriptedClient {
            $0.credentials = { _ in
                await gate.wait()
                return Credentials(parameters: ["token": "late"])
            }
        }
        let listener = harness.listen()
        await harness.clock.expire(.seconds(10))
        #expect(await listener.failure()?.kind == .timeout(.credentials))
        gate.open()
        await harness.settle()
        #expect(harness.transport.dialCount == 0)
    }

    @Test("B7 Eager, the same is told by the state")
    func parametersTooLateEager() async {
        let gate = Gate()
        let harness = ScriptedClient {
            $0.policy.eager = true
            $0.credentials = { _ in
                await gate.wait()
                return Credentials()
            }
        }
        await harness.clock.expire(.seconds(10))
        #expect(await harness.failed()?.kind == .timeout(.credentials))
        gate.open()
    }

    @Test("B7 A server whose patience is over closes with 4408, and the attempt is made again")
    func initialisationTimeout() async {
        let harness = ScriptedClient { $0.policy.waitsForFirstConnection = true }
        let listener = harness.listen()
        await harness.open().close(4408, "Connection initialisation timeout")
        #expect(await harness.retry() == .milliseconds(125))
        let link = await harness.connect(2)
        #expect(await link.nextDeed() == .subscribe(1))
        await listener.leave()
    }

    @Test("B8 Without an acknowledgement in time the connection is given up")
    func noAcknowledgement() async {
        let harness = ScriptedClient { $0.policy.acknowledge = .seconds(3) }
        let listener = harness.listen()
        let link = await harness.open()
        await harness.clock.expire(.seconds(3))
        #expect(await link.nextDeed() == .abandon)
        #expect(await listener.failure()?.kind == .timeout(.acknowledge))
    }

    @Test("B9 Somebody who stops listening to the states disturbs nothing")
    func observerLeaves() async {
        let harness = ScriptedClient()
        let observer = Task { for await state in harness.client.connectionStates where state == .live { break } }
        let (listener, link) = await harness.subscribed()
        await observer.value
        link.next(1, 7)
        #expect(await listener.next() == .update(7))
        await harness.state(.live)
    }
}
