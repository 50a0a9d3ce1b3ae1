// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// Decoding, errors, close reasons: B10 to B21.
@Suite(.timeLimit(.minutes(1)))
struct ErrorBehaviours {
    private struct Doubled: Decodable, Sendable, Equatable {
        let value: Int

        init(value: Int) { self.value = value }

        init(from decoder: any Decoder) throws {
            self.value = try decoder.singleValueContainer().decode(Int.self) * 2
        }
    }

    @Test("B10 A type of the caller's own transforms what comes")
    func decoding() async {
        let harness = ScriptedClient()
        let listener = Listener(harness.client.subscribe(Doubled.self, "subscription { n }"))
        let link = await harness.connect()
        link.next(1, 21)
        #expect(await listener.next() == .update(Doubled(value: 42)))
    }

    @Test("B11 What goes out is what the caller made: parameters and variables, to the last digit")
    func encoding() async {
        let harness = ScriptedClient { $0.connectionParameters = ["n": .integer(.max), "path": "a/b"] }
        let listener = harness.listen(variables: ["x": [1, 1.5, nil, true, "é"]])
        let link = await harness.transport.dial(1)
        link.open()
        let initialisation = #"{"payload":{"n":9223372036854775807,"path":"a/b"},"type":"connection_init"}"#
        #expect(await link.nextDeed() == .sent(initialisation))
        link.receive(#"{"type":"connection_ack"}"#)
        let payload = #"{"query":"subscription { n }","variables":{"x":[1,1.5,null,true,"é"]}}"#
        #expect(await link.nextDeed() == .sent(#"{"id":"1","payload":\#(payload),"type":"subscribe"}"#))
        await listener.leave()
    }

    @Test("B12 A server's close code and reason reach the states and the operation's error")
    func closeCode() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let (listener, link) = await harness.subscribed()
        link.close(4500, "The database is gone")
        let error = await listener.failure()
        #expect(error?.kind == .closed(code: 4500))
        #expect(error?.message.contains("The database is gone") == true)
        #expect(await harness.failed() == error)
    }

    @Test("B12 While it is tried again, the state has the code and the reason, and the gap too")
    func closeCodeOfRetry() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(4500, "The database is gone")
        let waiting = await harness.waiting()
        #expect(waiting?.error.kind == .closed(code: 4500))
        #expect(waiting?.delay == .milliseconds(5125))
        await harness.clock.expire(.milliseconds(5125))
        _ = await harness.connect(2)
        #expect(await listener.gap()?.reason.contains("4500: The database is gone") == true)
    }

    @Test("B13 A malformed error frame closes with 4004, and a complete right behind it does not mask the failure")
    func malformedError() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"error","payload":"no"}"#, #"{"id":"1","type":"complete"}"#)
        #expect(await link.nextDeed() == .close(code: 4004))
        #expect(link.closeFrame?.reason == "a message of type error without an id")
        #expect(await listener.failure()?.kind == .protocolViolation)
        #expect(await listener.next() == nil)
    }

    @Test("B14 Eager, what the provider throws is told by the state, the very error, and is not tried again")
    func internalErrorEager() async {
        let error = FreshetError(.credentials, "the key chain is locked")
        let harness = ScriptedClient {
            $0.policy.eager = true
            $0.policy.waitsForFirstConnection = true
            $0.credentials = { _ in throw error }
        }
        await harness.state(.connecting(attempt: 1))
        #expect(await harness.nextState() == .failed(error))
    }

    @Test("B15 The operation gets such an error too, also when it comes with a later connection")
    func internalErrorLater() async {
        let error = FreshetError(.credentials, "the key chain is locked")
        let asked = Locked(0)
        let harness = ScriptedClient {
            $0.credentials = { _ in
                let isFirst = asked.withLock { asked in
                    asked += 1
                    return asked == 1
                }
                guard isFirst else { throw error }
                return Credentials()
            }
        }
        let (listener, link) = await harness.subscribed()
        link.drop()
        await harness.retry()
        #expect(await listener.failure() == error)
    }

    @Test("B15 A message that breaks the protocol later fails the operation, after what came before it")
    func violationLater() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"id":"1","type":"next","payload":{"data":{"n":1}}}"#, "nonsense", #"{"id":"1"}"#)
        #expect(await listener.next() == .update(1))
        #expect(await listener.failure()?.kind == .protocolViolation)
        #expect(await link.nextDeed() == .close(code: 4004))
    }

    @Test("B16 What a provider throws is never told to the server, short or long")
    func providersWords() async {
        let calls = Locked(0)
        let harness = ScriptedClient {
            $0.credentials = { _ in
                if calls.withLock({ $0 }) == 1 { throw FreshetError(.credentials, "secret") }
                calls.withLock { $0 = 1 }
                return Credentials()
            }
        }
        let (listener, link) = await harness.subscribed()
        link.close(4403)
        #expect(await listener.failure()?.message == "secret")
        #expect(link.closeFrame == nil)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B17 The reason of a 4004 fits into its frame, whatever the server sent")
    func reasonFits() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(#"{"type":"\#(String(repeating: "é", count: 500))"}"#)
        #expect(await link.nextDeed() == .close(code: 4004))
        #expect(link.closeFrame?.reason == "a message without a known type")
        #expect(await listener.failure()?.kind == .protocolViolation)
    }

    @Test("B18 After an operation's error there is no completion")
    func errorIsLast() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.receive(
            #"{"id":"1","type":"error","payload":[{"message":"no"}]}"#,
            #"{"id":"1","type":"complete"}"#,
            #"{"id":"1","type":"next","payload":{"data":{"n":1}}}"#
        )
        #expect(await listener.failure()?.graphQLErrors?.map(\.message) == ["no"])
        #expect(await listener.next() == nil)
    }

    @Test("B19 After a connection's error there is no completion")
    func connectionErrorIsLast() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(4400, "Invalid message")
        #expect(await listener.failure()?.kind == .closed(code: 4400))
        #expect(await listener.next() == nil)
    }

    @Test("B20 Cancelling while the socket is gone sends nothing, and the operation still completes")
    func cancelWithoutSocket() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(1001)
        _ = await harness.waiting()
        let deeds = link.deeds
        await listener.leave()
        #expect(await listener.next() == .end)
        await harness.state(.idle)
        #expect(link.deeds == deeds)
    }

    @Test("B20 Cancelling while the socket is closing sends nothing either")
    func cancelWhileClosing() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let (first, link) = await harness.subscribed()
        link.ignoreClose()
        await first.leave()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
        let second = harness.listen("m")
        await harness.feeds(1)
        await second.leave()
        #expect(await second.next() == .end)
        await harness.settle()
        #expect(link.deeds.last == .goodbye)
        link.end(.ours)
        await harness.state(.idle)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B21 Closing the client ends its feeds at once, although the server ignores the goodbye")
    func deafServer() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.ignoreClose()
        let closing = Task { await harness.client.close() }
        #expect(await listener.failure()?.kind == .clientClosed)
        #expect(await link.nextDeed() == .goodbye)
        await harness.state(.closing)
        link.end(.ours)
        await closing.value
    }
}
