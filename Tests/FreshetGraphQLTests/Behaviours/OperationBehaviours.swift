// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Operations: B27 to B37.
@Suite(.timeLimit(.minutes(1)))
struct OperationBehaviours {
    @Test("B27 A query has one result, then it is over")
    func query() async throws {
        let harness = ScriptedClient()
        async let result = harness.client.query(Int.self, "{ n }")
        let link = await harness.connect()
        #expect(await link.nextDeed() == .sent(#"{"id":"1","payload":{"query":"{ n }"},"type":"subscribe"}"#))
        link.next(1, 7)
        #expect(try await result == 7)
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("B28 The operation's name and the variables go out where there are some")
    func parts() async {
        let harness = ScriptedClient()
        let document = "subscription A { a } subscription N { n }"
        let listener = Listener(
            harness.client.subscribe(Int.self, document, variables: ["x": nil], operationName: "N")
        )
        let link = await harness.connect()
        let payload = #"{"operationName":"N","query":"\#(document)","variables":{"x":null}}"#
        #expect(await link.nextDeed() == .sent(#"{"id":"1","payload":\#(payload),"type":"subscribe"}"#))
        await listener.leave()
    }

    @Test("B29 A subscription yields every event until it is cancelled, and nothing afterwards")
    func subscription() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.next(1, 1, 2, 3)
        for n in 1...3 { #expect(await listener.next() == .update(n)) }
        await listener.leave()
        #expect(await link.nextDeed() == .complete(1))
        link.next(1, 4)
        #expect(await listener.next() == .end)
        #expect(await listener.next() == nil)
    }

    @Test("B30 The same document with different variables: each gets its own events, and a query between does no harm")
    func variables() async throws {
        let harness = ScriptedClient()
        let a = harness.listen(variables: ["x": "a"])
        let link = await harness.connect()
        let first = #"{"query":"subscription { n }","variables":{"x":"a"}}"#
        #expect(await link.nextDeed() == .sent(#"{"id":"1","payload":\#(first),"type":"subscribe"}"#))
        let b = harness.listen(variables: ["x": "b"])
        let second = #"{"query":"subscription { n }","variables":{"x":"b"}}"#
        #expect(await link.nextDeed() == .sent(#"{"id":"2","payload":\#(second),"type":"subscribe"}"#))
        link.next(2, 20)
        async let result = harness.client.query(Int.self, "{ n }")
        #expect(await link.nextDeed() == .sent(#"{"id":"3","payload":{"query":"{ n }"},"type":"subscribe"}"#))
        link.next(1, 10)
        link.next(3, 30)
        link.complete(3)
        link.next(2, 21)
        #expect(try await result == 30)
        #expect(await a.next() == .update(10))
        #expect(await b.next() == .update(20))
        #expect(await b.next() == .update(21))
    }

    @Test("B31 Ids are numbers that are never used again, also for an operation that is opened after another's end")
    func ids() async {
        let harness = ScriptedClient { $0.policy.linger = .seconds(1) }
        let (first, link) = await harness.subscribed()
        link.complete(1)
        #expect(await first.next() == .end)
        let second = harness.listen()
        #expect(await link.nextDeed() == .subscribe(2))
        link.next(1, 1)
        link.next(2, 2)
        #expect(await second.next() == .update(2))
    }

    @Test("B32 An id says nothing of its operation: equal ones that are not shared have different ids")
    func idsOfEqualOperations() async {
        let harness = ScriptedClient { $0.sharesSubscriptions = false }
        let (first, link) = await harness.subscribed()
        let second = harness.listen()
        #expect(await link.nextDeed() == .subscribe(2))
        link.next(2, 2)
        link.next(1, 1)
        #expect(await first.next() == .update(1))
        #expect(await second.next() == .update(2))
    }

    @Test("B33 The end of the last operation closes the socket")
    func lastCompletes() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.complete(1)
        #expect(await listener.next() == .end)
        #expect(await link.nextDeed() == .goodbye)
        await harness.state(.idle)
    }

    @Test("B34 The error of the last operation closes the socket too")
    func lastFails() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.error(1)
        #expect(await listener.failure()?.graphQLErrors?.map(\.message) == ["no"])
        #expect(await link.nextDeed() == .goodbye)
        await harness.state(.idle)
    }

    @Test("B35 B36 Nothing is sent for an operation that the server has completed, not even a complete")
    func nothingAfterCompletion() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        link.complete(1)
        #expect(await first.next() == .end)
        await first.leave()
        await harness.settle()
        #expect(await link.isQuiet())
        await second.leave()
    }

    @Test("B37 One leaves when another has just come: the new one works, the old one gets nothing, one socket")
    func leavingAfterComing() async {
        let harness = ScriptedClient()
        let (old, link) = await harness.subscribed()
        let new = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        await old.leave()
        #expect(await link.nextDeed() == .complete(1))
        link.next(1, 1)
        link.next(2, 2)
        #expect(await new.next() == .update(2))
        #expect(await old.next() == .end)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B37 One leaves just before another comes: a second socket, once the first has gone")
    func leavingBeforeComing() async {
        let harness = ScriptedClient()
        let (old, first) = await harness.subscribed()
        first.ignoreClose()
        await old.leave()
        let new = harness.listen("m")
        #expect(await first.nextDeed() == .complete(1))
        #expect(await first.nextDeed() == .goodbye)
        await harness.feeds(1)
        #expect(harness.transport.dialCount == 1)
        first.end(.ours)
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(2, "m"))
        second.next(2, 2)
        #expect(await new.next() == .update(2))
        #expect(await old.next() == .end)
    }
}
