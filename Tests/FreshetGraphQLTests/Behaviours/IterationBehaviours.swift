// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Asynchronous iteration: B67 to B74.
@Suite(.timeLimit(.minutes(1)))
struct IterationBehaviours {
    private struct Enough: Error {}

    @Test("B67 A query is one value, with what else the server says of it")
    func query() async throws {
        let harness = ScriptedClient()
        async let result = harness.client.respond(to: .query, as: Int?.self, "{ n }")
        let link = await harness.connect()
        _ = await link.nextDeed()
        link.receive(#"{"id":"1","type":"next","payload":{"data":{"n":null},"errors":[{"message":"no"}]}}"#)
        let response = try await result
        #expect(response.value == .some(nil))
        #expect(response.errors.map(\.message) == ["no"])
    }

    @Test("B68 A subscription is all its events in order, then the end, and the end stays")
    func subscription() async throws {
        let harness = ScriptedClient()
        var iterator = harness.client.subscribe(Int.self, "subscription { n }").makeAsyncIterator()
        let server = Task {
            let link = await harness.connect()
            link.next(1, 1, 2, 3)
            link.complete(1)
        }
        for n in 1...3 { #expect(try await iterator.next() == .update(n)) }
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
        await server.value
    }

    @Test("B69 Errors of resolvers are a value beside the data, where responses are asked for")
    func responses() async throws {
        let harness = ScriptedClient()
        let feed = harness.client.subscribeToResponses(Int?.self, "subscription { n }")
        let listener = Listener(feed)
        let link = await harness.connect()
        link.receive(
            #"{"id":"1","type":"next","payload":{"data":{"n":null},"errors":[{"message":"no","path":["n"]}]}}"#
        )
        guard case .update(let response)? = await listener.next() else {
            Issue.record("no value")
            return
        }
        #expect(response.errors.first?.message == "no")
        #expect(response.errors.first?.path == ["n"])
        link.next(1, 2)
        guard case .update(let second)? = await listener.next() else {
            Issue.record("no second value")
            return
        }
        #expect(second.value == 2)
        #expect(second.errors.isEmpty)
    }

    @Test("B70 An error frame makes the next pull throw what the server said; afterwards the sequence has ended")
    func errorFrame() async throws {
        let harness = ScriptedClient()
        var iterator = harness.client.subscribe(Int.self, "subscription { n }").makeAsyncIterator()
        let server = Task {
            let link = await harness.connect()
            link.next(1, 1)
            link.receive(#"{"id":"1","type":"error","payload":[{"message":"no"},{"message":"never"}]}"#)
        }
        #expect(try await iterator.next() == .update(1))
        do {
            _ = try await iterator.next()
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.graphQLErrors?.map(\.message) == ["no", "never"])
        }
        #expect(try await iterator.next() == nil)
        await server.value
    }

    @Test("B71 An abrupt loss makes the pull throw 1006, without attempts")
    func abruptLoss() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let (listener, link) = await harness.subscribed()
        link.drop()
        #expect(await listener.failure()?.kind == .closed(code: 1006))
        #expect(await listener.next() == nil)
    }

    @Test("B72 Leaving the loop by break completes the operation and closes the socket")
    func leavingByBreak() async throws {
        let harness = ScriptedClient()
        let server = Task {
            let link = await harness.connect()
            #expect(await link.nextDeed() == .subscribe(1))
            link.next(1, 1)
            #expect(await link.nextDeed() == .complete(1))
            #expect(await link.nextDeed() == .goodbye)
        }
        for try await _ in harness.client.subscribe(Int.self, "subscription { n }") { break }
        await server.value
    }

    @Test("B73 So does an error that is thrown in the loop")
    func leavingByThrow() async {
        let harness = ScriptedClient()
        let server = Task {
            let link = await harness.connect()
            #expect(await link.nextDeed() == .subscribe(1))
            link.next(1, 1)
            #expect(await link.nextDeed() == .complete(1))
            #expect(await link.nextDeed() == .goodbye)
        }
        await #expect(throws: Enough.self) {
            for try await _ in harness.client.subscribe(Int.self, "subscription { n }") { throw Enough() }
        }
        await server.value
    }

    @Test("B74 Letting go of the iterator ends the operation and closes the socket")
    func lettingGo() async throws {
        let harness = ScriptedClient()
        var iterator: Feed<FeedEvent<Int>>.Iterator? =
            harness.client.subscribe(Int.self, "subscription { n }").makeAsyncIterator()
        let connecting = Task { await harness.connect() }
        Task { await connecting.value.next(1, 1) }
        #expect(try await iterator?.next() == .update(1))
        let link = await connecting.value
        #expect(await link.nextDeed() == .subscribe(1))
        iterator = nil
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
    }
}
