// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Queries and mutations over the WebSocket.
@Suite(.timeLimit(.minutes(1)))
struct OneShotTests {
    private static func sent(_ id: Int, _ document: String) -> ScriptedLink.Deed {
        .sent(#"{"id":"\#(id)","payload":{"query":"\#(document)"},"type":"subscribe"}"#)
    }

    private func query(_ harness: ScriptedClient) -> Task<Int, any Error> {
        Task { try await harness.client.query(Int.self, "{ n }") }
    }

    private func mutate(_ harness: ScriptedClient) -> Task<Int, any Error> {
        Task { try await harness.client.mutate(Int.self, "mutation { n }") }
    }

    private func error(_ task: Task<Int, any Error>, sourceLocation: SourceLocation = #_sourceLocation) async
        -> FreshetError?
    {
        await #expect(throws: FreshetError.self, sourceLocation: sourceLocation) { try await task.value }
    }

    @Test("A query that was on its way when the connection broke is asked again, and has its result")
    func queryAgain() async throws {
        let harness = ScriptedClient()
        let query = self.query(harness)
        let first = await harness.connect()
        #expect(await first.nextDeed() == Self.sent(1, "{ n }"))
        first.drop()
        await harness.retry()
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == Self.sent(1, "{ n }"))
        second.next(1, 7)
        #expect(try await query.value == 7)
    }

    @Test("A mutation that was not sent when the connection broke is sent on the next one, once")
    func unsentMutation() async throws {
        let harness = ScriptedClient()
        let (listener, first) = await harness.subscribed()
        first.drop()
        guard let (delay, _) = await harness.waiting() else { return }
        let mutation = self.mutate(harness)
        await harness.feeds(2)
        await harness.clock.expire(delay)
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(1))
        #expect(await second.nextDeed() == Self.sent(2, "mutation { n }"))
        second.next(2, 7)
        #expect(try await mutation.value == 7)
        await listener.leave()
    }

    @Test(
        "D11 A mutation that was sent is not sent again, whatever ends the connection",
        arguments: [
            ConnectionEnd.closeFrame(code: 1012, reason: "restart"), .closeFrame(code: 4500, reason: ""),
            .failure(FreshetError(.timeout(.keepAlive), "silence")),
            .failure(FreshetError(.closed(code: 1006), "it broke")),
        ]
    )
    func sentMutation(_ end: ConnectionEnd) async {
        let harness = ScriptedClient()
        let (listener, first) = await harness.subscribed()
        let mutation = self.mutate(harness)
        #expect(await first.nextDeed() == Self.sent(2, "mutation { n }"))
        first.end(end)
        #expect(await self.error(mutation)?.kind == .outcomeUnknown)
        await harness.retry()
        let second = await harness.connect(2)
        #expect(await second.nextDeed() == .subscribe(1))
        #expect(await second.isQuiet())
        await listener.leave()
    }

    @Test("A mutation whose connection breaks for good has an unknown outcome too, not the connection's error")
    func mutationAtFatalEnd() async {
        let harness = ScriptedClient { $0.policy.attempts = 0 }
        let mutation = self.mutate(harness)
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.sent(1, "mutation { n }"))
        link.close(4400)
        #expect(await self.error(mutation)?.kind == .outcomeUnknown)
    }

    @Test("A mutation that was never sent has no unknown outcome: it fails as the connection does")
    func mutationWithoutConnection() async {
        let harness = ScriptedClient()
        let mutation = self.mutate(harness)
        await harness.transport.dial(1).end(.failure(FreshetError(.unreachable, "refused")))
        #expect(await self.error(mutation)?.kind == .unreachable)
    }

    @Test("What the server refuses is thrown with its words")
    func refused() async {
        let harness = ScriptedClient()
        let mutation = self.mutate(harness)
        let link = await harness.connect()
        link.error(1, "forbidden by the schema")
        #expect(await self.error(mutation)?.graphQLErrors?.map(\.message) == ["forbidden by the schema"])
    }

    @Test("An operation that completes without a result is a broken protocol")
    func withoutResult() async {
        let harness = ScriptedClient()
        let query = self.query(harness)
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.sent(1, "{ n }"))
        link.complete(1)
        #expect(await self.error(query)?.kind == .protocolViolation)
    }

    @Test("Cancelling the task takes a query back")
    func cancelled() async {
        let harness = ScriptedClient()
        let query = self.query(harness)
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.sent(1, "{ n }"))
        query.cancel()
        #expect(await link.nextDeed() == .complete(1))
        #expect(await link.nextDeed() == .goodbye)
        #expect(await self.error(query)?.kind == .cancelled)
    }

    @Test("Equal queries are not shared: each is asked")
    func notShared() async throws {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        let first = self.query(harness)
        #expect(await link.nextDeed() == Self.sent(2, "{ n }"))
        let second = self.query(harness)
        #expect(await link.nextDeed() == Self.sent(3, "{ n }"))
        link.next(3, 30)
        link.next(2, 20)
        #expect(try await first.value == 20)
        #expect(try await second.value == 30)
        await listener.leave()
    }

    @Test("Only the first result of a query counts, and a query opens the connection and closes it")
    func firstResult() async throws {
        let harness = ScriptedClient()
        let query = self.query(harness)
        let link = await harness.connect()
        #expect(await link.nextDeed() == Self.sent(1, "{ n }"))
        link.next(1, 1, 2)
        #expect(try await query.value == 1)
        #expect(await link.nextDeed() == .goodbye)
        await harness.state(.idle)
    }
}
