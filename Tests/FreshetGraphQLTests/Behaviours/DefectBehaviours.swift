// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// Defects of the reference that are not to be found here: D1 to D13.
@Suite(.timeLimit(.minutes(1)))
struct DefectBehaviours {
    @Test("D1 A server that closes with 1000 while somebody listens is tried again with the backoff")
    func normalClosure() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.close(1000)
        #expect(await harness.retry() == .milliseconds(125))
        await harness.connect(2).close(1000)
        #expect(await harness.retry() == .milliseconds(250))
        await harness.connect(3).close(1000)
        #expect(await harness.retry() == .milliseconds(500))
        #expect(await listener.gap() != nil)
    }

    @Test("D1 Without attempts it is an error, not an endless loop")
    func normalClosureWithoutAttempts() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let (listener, link) = await harness.subscribed()
        link.close(1000)
        #expect(await listener.failure()?.kind == .closed(code: 1000))
        #expect(harness.transport.dialCount == 1)
    }

    @Test("D2 When there is no URL to be had the operation fails, and the next one asks again")
    func urlFails() async {
        let error = FreshetError(.credentials, "no directory service")
        let isUp = Locked(false)
        let harness = ScriptedClient {
            $0.credentials = { _ in
                guard isUp.withLock({ $0 }) else { throw error }
                return Credentials(url: "ws://127.0.0.1:1/found")
            }
        }
        #expect(await harness.listen().failure() == error)
        #expect(await harness.listen("m").failure() == error)
        isUp.withLock { $0 = true }
        let listener = harness.listen("o")
        #expect(await harness.connect().nextDeed() == .subscribe(3, "o"))
        await listener.leave()
    }

    @Test("D2 A URL of the provider's that cannot work fails the operation, and the next one asks again")
    func urlIsWrong() async {
        let harness = ScriptedClient { $0.credentials = { _ in Credentials(url: "gopher://127.0.0.1/") } }
        #expect(await harness.listen().failure()?.kind == .invalidInput)
        #expect(await harness.listen("m").failure()?.kind == .invalidInput)
        #expect(harness.transport.dialCount == 0)
    }

    @Test("D3 A provider that never answers is not waited for longer than its deadline, now or on a later connection")
    func providerHangs() async {
        let gate = Gate()
        let isFirst = Locked(true)
        let harness = ScriptedClient {
            $0.policy.attempts = 1
            $0.credentials = { _ in
                let answersAtOnce = isFirst.withLock { first in
                    defer { first = false }
                    return first
                }
                if !answersAtOnce { await gate.wait() }
                return Credentials()
            }
        }
        let (listener, link) = await harness.subscribed()
        link.drop()
        await harness.retry()
        await harness.clock.expire(.seconds(10))
        #expect(await listener.failure()?.kind == .timeout(.credentials))
        gate.open()
        #expect(harness.transport.dialCount == 1)
    }

    @Test("D4 After a live drop a refused connection is one more attempt, not the end")
    func refusedAfterDrop() async {
        let harness = ScriptedClient { $0.policy.attempts = 5 }
        let (listener, link) = await harness.subscribed()
        link.drop()
        for number in 2...5 {
            await harness.retry()
            await harness.transport.dial(number).end(.failure(FreshetError(.unreachable, "refused")))
        }
        await harness.retry()
        #expect(await harness.connect(6).nextDeed() == .subscribe(1))
        #expect(await listener.gap()?.reason == "it broke")
    }

    @Test("D5 A malformed error frame ends its own operation, and no other")
    func malformedError() async {
        let harness = ScriptedClient()
        let (first, link) = await harness.subscribed()
        let second = harness.listen("m")
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        link.receive(#"{"id":"1","type":"error","payload":{"errors":[{"message":"as Hasura says it"}]}}"#)
        #expect(await first.failure()?.graphQLErrors?.map(\.message) == ["as Hasura says it"])
        #expect(await link.isQuiet())
        link.receive(#"{"id":"2","type":"next","payload":7}"#)
        #expect(await second.failure()?.kind == .protocolViolation)
        #expect(await link.nextDeed() == .complete(2))
    }

    @Test("D6 Closing the client cuts the wait before the next attempt: it never connects again")
    func closeCutsWait() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.drop()
        _ = await harness.waiting()
        await harness.client.close()
        #expect(await listener.failure()?.kind == .clientClosed)
        #expect(harness.clock.sleeperCount == 0)
        harness.clock.jump(by: .seconds(60))
        await harness.settle()
        #expect(harness.transport.dialCount == 1)
    }

    @Test("D8 A consumer that stands still stops the reading, so what waits is bounded")
    func boundedBuffer() async throws {
        let harness = ScriptedClient()
        var iterator = harness.client.subscribe(Int.self, "subscription { n }").makeAsyncIterator()
        let connecting = Task { await harness.connect() }
        Task { await connecting.value.next(1, 0) }
        #expect(try await iterator.next() == .update(0))
        let link = await connecting.value
        #expect(await link.nextDeed() == .subscribe(1))
        for n in 1...4096 { link.next(1, n) }
        #expect(await link.nextDeed() == .pause)
        for n in 1...4096 { #expect(try await iterator.next() == .update(n)) }
        #expect(await link.nextDeed() == .resume)
    }

    @Test("D9 An error thrown by the consumer leaves no subscription behind on the server")
    func throwingConsumer() async {
        struct Enough: Error {}
        let harness = ScriptedClient()
        let (other, link) = await harness.subscribed()
        let throwing = Task {
            for try await _ in harness.client.subscribe(Int.self, "subscription { m }") { throw Enough() }
        }
        #expect(await link.nextDeed() == .subscribe(2, "m"))
        link.next(2, 1)
        #expect(await link.nextDeed() == .complete(2))
        await #expect(throws: Enough.self) { try await throwing.value }
        await other.leave()
    }

    @Test("D10 Neither a feed nor its iterator subscribes before the first pull")
    func firstPull() async {
        let harness = ScriptedClient()
        let feed = harness.client.subscribe(Int.self, "subscription { n }")
        let iterator = feed.makeAsyncIterator()
        await harness.settle()
        #expect(harness.transport.dialCount == 0)
        _ = iterator
    }

    @Test("D11 A mutation that was on its way when the connection broke is not sent twice: its outcome is unknown")
    func mutation() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        let mutating = Task { try await harness.client.mutate(Int.self, "mutation { n }") }
        #expect(await link.nextDeed() == .sent(#"{"id":"2","payload":{"query":"mutation { n }"},"type":"subscribe"}"#))
        link.drop()
        let error = await #expect(throws: FreshetError.self) { try await mutating.value }
        #expect(error?.kind == .outcomeUnknown)
        await harness.retry()
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(1))
        #expect(await second.isQuiet())
        await listener.leave()
    }

    @Test("D12 A server that acknowledges and drops is asked ever more slowly; a healthy time begins anew")
    func acknowledgeAndDrop() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.drop()
        for (number, delay) in zip(2..., [125, 250, 500, 1000, 2000]) {
            #expect(await harness.retry() == .milliseconds(delay))
            await harness.connect(number).drop()
        }
        #expect(await harness.retry() == .milliseconds(4000))
        let healthy = await harness.connect(7)
        await harness.state(.live)
        harness.clock.jump(by: .seconds(30))
        healthy.drop()
        #expect(await harness.retry() == .milliseconds(125))
        await listener.leave()
    }

    @Test("D13 The wait has a cap")
    func cap() async {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.drop()
        var longest: Duration = .zero
        for number in 2...40 {
            longest = max(longest, await harness.retry() ?? .zero)
            await harness.transport.dial(number).end(.failure(FreshetError(.unreachable, "refused")))
        }
        // Half of 30 s, by the jitter of one half.
        #expect(longest == .seconds(15))
        await listener.leave()
    }
}
