// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// What other clients got wrong about delivering. Each test names the project and the number of its issue.
struct DeliveryRegressions {
    @Test(
        "nats.swift 120, and the unbounded buffers of apollo-ios, supabase-swift and swiftkube-client: every drop is in a gap",
        .timeLimit(.minutes(1))
    )
    func overflowIsVisible() async throws {
        let harness = ScriptedClient()
        let delivery = DeliveryPolicy(.dropOldest, elements: 100)
        var iterator =
            harness.client.subscribe(Int.self, "subscription { n }", delivery: delivery).makeAsyncIterator()
        let connecting = Task { await harness.connect() }
        Task { await connecting.value.next(1, 0) }
        #expect(try await iterator.next() == .update(0))
        let link = await connecting.value
        #expect(await link.nextDeed() == .subscribe(1))
        for n in 1...1000 { link.next(1, n) }
        #expect(await link.isQuiet())
        for await health in harness.client.health() {
            #expect(health.waitingElements <= 101)
            #expect(health.dropped == 900)
            break
        }
        guard case .gap(let gap)? = try await iterator.next() else {
            Issue.record("no gap")
            return
        }
        #expect(gap.cause == .overflow)
        #expect(gap.count == 900)
        for n in 901...1000 { #expect(try await iterator.next() == .update(n)) }
    }

    @Test(
        "websocket-kit, which makes a task of each message: 1,000,000 messages come in order",
        .timeLimit(.minutes(5))
    )
    func orderAcrossAsyncHandlers() async throws {
        let total = 1_000_000
        let harness = ScriptedClient()
        let request = GraphQLRequest(query: "subscription { n }")
        var iterator = harness.client.subscribeToPayloads(request).makeAsyncIterator()
        let server = Task {
            let link = await harness.connect()
            for first in stride(from: 1, through: total, by: 1000) {
                link.receive(
                    (first..<first + 1000).map { #"{"id":"1","type":"next","payload":{"data":{"n":\#($0)}}}"# }
                )
            }
            link.complete(1)
        }
        var last = 0
        while let event = try await iterator.next() {
            let value = try event.value?.rootField().flatMap { Int($0.text) }
            guard value == last + 1 else {
                Issue.record("after \(last) came \(String(describing: value))")
                return
            }
            last += 1
        }
        #expect(last == total)
        await server.value
    }

    @Test(
        "swift-corelibs-foundation 4973: nobody waits for ever after a close, whatever they waited for",
        .timeLimit(.minutes(1))
    )
    func pingResumesOnClose() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.ignoreClose()
        let query = Task { try await harness.client.query(Int.self, "{ n }") }
        guard case .sent = await link.nextDeed() else { return }
        let mutation = Task { try await harness.client.mutate(Int.self, "mutation { n }") }
        guard case .sent = await link.nextDeed() else { return }
        let recovery = GraphQLRecovery<Int>.refetch("{ m }")
        let settling = Listener(harness.client.subscribe(Int.self, "subscription { m }", recovery: recovery))
        guard case .sent = await link.nextDeed() else { return }
        #expect(await link.nextDeed() == .ping)
        let states = Task { for await _ in harness.client.connectionStates {} }
        let closings = [Task { await harness.client.close() }, Task { await harness.client.close() }]
        #expect(await listener.failure()?.kind == .clientClosed)
        #expect(await settling.failure()?.kind == .clientClosed)
        let queryError = await #expect(throws: FreshetError.self) { try await query.value }
        let mutationError = await #expect(throws: FreshetError.self) { try await mutation.value }
        #expect(queryError?.kind == .clientClosed)
        #expect(mutationError?.kind == .outcomeUnknown)
        await link.reach(.goodbye)
        link.end(.ours)
        for closing in closings { await closing.value }
        await states.value
        await harness.settle()
        #expect(harness.clock.sleeperCount == 0)
    }

    @Test("apollo-ios-dev 1011: a client that is let go is gone, with its connection", .timeLimit(.minutes(1)))
    func clientDeallocates() async throws {
        let loop = EventLoop(.poll)
        let clock = ManualClock()
        weak var transport: ScriptedTransport?
        weak var connection: ScriptedLink?
        var states: AsyncStream<ConnectionState>
        do {
            let scripted = ScriptedTransport()
            transport = scripted
            let client = GraphQLClient(
                url: "ws://127.0.0.1:1/",
                configuration: GraphQLClientConfiguration(),
                loop: loop,
                transport: scripted,
                time: TimeSource(clock, jitter: { 0.5 })
            )
            states = client.connectionStates
            let listener = Listener(client.subscribe(Int.self, "subscription { n }"))
            let link = await scripted.dial(1)
            connection = link
            link.open()
            #expect(await link.nextDeed() == .initialisation)
            link.receive(#"{"type":"connection_ack"}"#)
            link.next(1, 1)
            #expect(await listener.next() == .update(1))
            await listener.leave()
            await link.reach(.goodbye)
        }
        // They end when the manager goes.
        for await _ in states {}
        await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
        #expect(transport == nil)
        #expect(connection == nil)
        #expect(loop.residents == 0)
        #expect(clock.sleeperCount == 0)
        loop.shutdown()
    }
}
