// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Going on from the last result's cursor, after a drop and in another process.
@Suite(.timeLimit(.minutes(1)))
struct CursorRecoveryTests {
    private struct Tick: Codable, Sendable, Equatable {
        let n: Int

        init(_ n: Int) { self.n = n }
    }

    private static let document = "subscription($after: Int) { tick(after: $after) { n } }"

    private static func tick(_ n: Int) -> String {
        #"{"id":"1","type":"next","payload":{"data":{"tick":{"n":\#(n)}}}}"#
    }

    private static func subscribe(after: Int?) -> ScriptedLink.Deed {
        let variables = after.map { #","variables":{"after":\#($0)}"# } ?? ""
        return .sent(#"{"id":"1","payload":{"query":"\#(Self.document)"\#(variables)},"type":"subscribe"}"#)
    }

    private func listen(_ harness: ScriptedClient, overlap: Int = 0) -> Listener<Tick> {
        Listener(
            harness.client.subscribe(
                Tick.self,
                Self.document,
                recovery: .cursor(variable: "after", path: "tick.n", overlap: overlap)
            )
        )
    }

    /// Three results, then a drop, then the next connection.
    private func dropped(_ harness: ScriptedClient, _ listener: Listener<Tick>) async -> ScriptedLink {
        let first = await harness.connect()
        #expect(await first.nextDeed() == Self.subscribe(after: nil))
        first.receive([1, 2, 3].map(Self.tick))
        for n in 1...3 { #expect(await listener.next() == .update(Tick(n))) }
        first.drop()
        await harness.retry()
        return await harness.connect(2)
    }

    @Test("After a drop it subscribes from the last cursor, and there is no gap")
    func resume() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness)
        let link = await self.dropped(harness, listener)
        #expect(await link.nextDeed() == Self.subscribe(after: 3))
        link.receive(Self.tick(4), Self.tick(5))
        #expect(await listener.next() == .update(Tick(4)))
        #expect(await listener.next() == .update(Tick(5)))
    }

    @Test("With an overlap it begins earlier, and what comes twice is handed out once")
    func overlap() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness, overlap: 2)
        let link = await self.dropped(harness, listener)
        #expect(await link.nextDeed() == Self.subscribe(after: 1))
        link.receive([2, 3, 4].map(Self.tick))
        #expect(await listener.next() == .update(Tick(4)))
    }

    @Test("A server that refuses the cursor is told as lost history, and subscribed to from the beginning")
    func refusedCursor() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness)
        let link = await self.dropped(harness, listener)
        #expect(await link.nextDeed() == Self.subscribe(after: 3))
        link.error(1, "COMPACTED")
        #expect(await link.nextDeed() == Self.subscribe(after: nil))
        let gap = await listener.gap()
        #expect(gap?.cause == .historyLost)
        #expect(gap?.reason.contains("COMPACTED") == true)
        link.receive(Self.tick(9))
        #expect(await listener.next() == .update(Tick(9)))
    }

    @Test("A server that goes on before the cursor is told as lost history")
    func wentBack() async {
        let harness = ScriptedClient()
        let listener = self.listen(harness)
        let link = await self.dropped(harness, listener)
        #expect(await link.nextDeed() == Self.subscribe(after: 3))
        link.receive(Self.tick(1))
        #expect(await listener.gap()?.cause == .historyLost)
        #expect(await listener.next() == .update(Tick(1)))
    }

    @Test("A position saved as JSON is where another client goes on")
    func saved() async throws {
        let recovery = GraphQLRecovery<Tick>.cursor(variable: "after", path: "tick.n")
        let first = ScriptedClient()
        let server = Task {
            let link = await first.connect()
            link.receive([1, 2, 3].map(Self.tick))
        }
        var saved = Data()
        for try await event in first.client.subscribe(Tick.self, Self.document, recovery: recovery).positioned {
            saved = try JSONEncoder().encode(try #require(event.position))
            if event.value == Tick(2) { break }
        }
        await server.value
        #expect(String(decoding: saved, as: UTF8.self) == "2")

        let second = ScriptedClient()
        let position = try JSONDecoder().decode(Position.self, from: saved)
        let feed = second.client.subscribe(Tick.self, Self.document, recovery: recovery, from: position)
        let listener = Listener(feed)
        let link = await second.connect()
        #expect(await link.nextDeed() == Self.subscribe(after: 2))
        link.receive(Self.tick(3))
        #expect(await listener.next() == .update(Tick(3)))
    }

    @Test("A cursor that is text, and the caller's own first value of its variable")
    func textCursor() async {
        let harness = ScriptedClient()
        let document = "subscription($after: String) { tick(after: $after) }"
        let listener = Listener(
            harness.client.subscribe(
                String.self,
                document,
                variables: ["after": "start", "x": 1],
                recovery: .cursor(variable: "after", path: "tick")
            )
        )
        func subscribe(_ after: String) -> ScriptedLink.Deed {
            let payload = #"{"query":"\#(document)","variables":{"after":"\#(after)","x":1}}"#
            return .sent(#"{"id":"1","payload":\#(payload),"type":"subscribe"}"#)
        }
        let first = await harness.connect()
        #expect(await first.nextDeed() == subscribe("start"))
        first.receive(#"{"id":"1","type":"next","payload":{"data":{"tick":"a/b=="}}}"#)
        #expect(await listener.next() == .update("a/b=="))
        first.drop()
        await harness.retry()
        #expect(await harness.connect(2).nextDeed() == subscribe("a/b=="))
    }
}
