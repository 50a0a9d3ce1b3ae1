// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// What observers are told: B58 to B66.
@Suite(.timeLimit(.minutes(1)))
struct EventBehaviours {
    private let refused = FreshetError(.unreachable, "nobody listens on that port")

    @Test("B58 Every state reaches an observer once, in order")
    func order() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(1012, "restart")
        await harness.retry()
        _ = await harness.connect(2)
        #expect(await listener.gap() != nil)
        await harness.client.close()
        var seen: [ConnectionState] = []
        while let state = await harness.nextState() { seen.append(state) }
        // `retry` has read what came before.
        #expect(seen == [.connecting(attempt: 2), .live, .closing, .idle])
    }

    @Test("B58 One who comes late begins with the present state, and hears everything from there")
    func lateObserver() async {
        let harness = ScriptedClient()
        let (listener, _) = await harness.subscribed()
        var late = harness.client.connectionStates.makeAsyncIterator()
        #expect(await late.next() == .live)
        await listener.leave()
        #expect(await late.next() == .closing)
        #expect(await late.next() == .idle)
        await harness.client.close()
        #expect(await late.next() == nil)
    }

    @Test("B59 Closing the client is told, and is the last word")
    func closed() async {
        let harness = ScriptedClient { $0.policy.eager = true }
        _ = await harness.connect()
        await harness.state(.live)
        await harness.client.close()
        #expect(await harness.nextState() == .closing)
        #expect(await harness.nextState() == .idle)
        #expect(await harness.nextState() == nil)
    }

    @Test("B60 Eager and refused: the state has the transport's own error")
    func eagerRefused() async {
        let harness = ScriptedClient { $0.policy.eager = true }
        await harness.transport.dial(1).end(.failure(self.refused))
        #expect(await harness.failed() == self.refused)
    }

    @Test("B61 Lazy and refused: the first operation gets it too")
    func lazyRefused() async {
        let harness = ScriptedClient()
        let listener = harness.listen()
        await harness.transport.dial(1).end(.failure(self.refused))
        #expect(await listener.failure() == self.refused)
        #expect(await harness.failed() == self.refused)
    }

    @Test("B62 What our own pings find out is in the health")
    func roundTrip() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.answerPing(after: .milliseconds(12))
        await harness.settle()
        for await health in harness.client.health() {
            #expect(health.roundTrip == .milliseconds(12))
            break
        }
        await listener.leave()
    }

    @Test("B63 A server's ping counts as a sign of life in the health")
    func quiet() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        harness.clock.jump(by: .seconds(5))
        link.receive(#"{"type":"ping","payload":{"a":1}}"#)
        #expect(await link.nextDeed() == .sent(#"{"type":"pong","payload":{"a":1}}"#))
        harness.clock.jump(by: .seconds(2))
        for await health in harness.client.health() {
            #expect(health.quiet == .seconds(2))
            #expect(health.state == .live)
            break
        }
        await listener.leave()
    }

    @Test("B64 After each reconnect everything goes to the socket that is open now, and the health counts it")
    func presentSocket() async {
        let harness = ScriptedClient()
        let (listener, first) = await harness.subscribed()
        var current = first
        for number in 2...4 {
            let deeds = current.deeds
            current.drop()
            await harness.retry()
            let next = await harness.connect(number)
            #expect(await next.nextDeed() == .subscribe(1))
            #expect(await listener.gap() != nil)
            #expect(await next.isQuiet())
            #expect(current.deeds == deeds)
            current = next
        }
        for await health in harness.client.health() {
            #expect(health.connects == 4)
            #expect(health.drops == ["closed.1006": 3])
            #expect(health.gaps == 3)
            break
        }
    }

    @Test("B65 An observer that goes, and goes again, takes no other with it")
    func observers() async {
        let harness = ScriptedClient()
        var staying = harness.client.connectionStates.makeAsyncIterator()
        #expect(await staying.next() == .idle)
        let going = Task { for await _ in harness.client.connectionStates {} }
        let (listener, _) = await harness.subscribed()
        going.cancel()
        await going.value
        going.cancel()
        await listener.leave()
        for state in [ConnectionState.connecting(attempt: 1), .live, .closing, .idle] {
            #expect(await staying.next() == state)
        }
    }

    @Test("B66 An observer that closes the client when a connection ends takes nothing from the others")
    func closingObserver() async {
        let harness = ScriptedClient()
        let closing = Task {
            for await state in harness.client.connectionStates {
                if case .waiting = state { await harness.client.close() }
            }
        }
        var other = harness.client.connectionStates.makeAsyncIterator()
        #expect(await other.next() == .idle)
        let (listener, link) = await harness.subscribed()
        link.drop()
        #expect(await listener.failure()?.kind == .clientClosed)
        await closing.value
        var last: ConnectionState?
        while let state = await other.next() { last = state }
        #expect(last == .idle)
        #expect(harness.transport.dialCount == 1)
    }

    @Test("B66 A close with 4499 is tried again")
    func terminated() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(4499, "Terminated")
        #expect(await harness.retry() == .milliseconds(125))
        _ = await harness.connect(2)
        #expect(await listener.gap() != nil)
    }
}
