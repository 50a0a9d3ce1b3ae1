// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// Numbered results of a real server, with somebody on the way who repeats, swaps and leaves out.
@Suite(.timeLimit(.minutes(1)))
struct NumberedFaultTests {
    private struct Entry: Decodable, Sendable {
        let n: Int
    }

    private static let query = "subscription($after: Int) { events(after: $after, to: 40) { n } }"

    /// What a feed of 1 to 40 hands out, and how the connections went.
    private struct Outcome {
        var numbers: [Int] = []
        var gaps: [Gap] = []
        /// Which subscriptions were begun on the server, on all connections.
        var subscribed = 0
        var connections = 0
    }

    /// A number, whichever subscription it comes for.
    private static func number(_ n: Int) -> FaultMatch { .frame(.toClient, containing: #""n":\#(n)}"#) }

    private static func number(_ n: Int, of subscription: Int) -> FaultMatch {
        .frame(.toClient, containing: Self.message(n, of: subscription))
    }

    private static func message(_ n: Int, of subscription: Int) -> String {
        #"{"id":"\#(subscription)","type":"next","payload":{"data":{"events":{"n":\#(n)}}}}"#
    }

    private func run(
        _ rules: [FaultRule],
        lifetime: Duration? = nil,
        at place: Int = 0,
        _ fault: @Sendable (FaultProxy) -> Void = { _ in }
    ) async throws -> Outcome {
        let server = try await EmbeddedServer(eventsPerSecond: 200)
        let proxy = try FaultProxy(to: await server.url, configuration: FaultProxyConfiguration(textLimit: 200))
        for rule in rules { try proxy.add(rule) }
        var policy = ConnectionPolicy()
        policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(5))
        policy.subscriptionBackoff = policy.backoff
        let client = GraphQLClient(url: proxy.url, configuration: GraphQLClientConfiguration(policy: policy))
        let feed = client.subscribe(
            Entry.self,
            Self.query,
            recovery: .cursor(variable: "after", path: "events.n", isNumbered: true),
            from: Position(number: 0)
        )
        var outcome = Outcome()
        for try await event in feed {
            if case .gap(let gap) = event { outcome.gaps.append(gap) }
            guard let n = event.value?.n else { continue }
            outcome.numbers.append(n)
            if n == place { fault(proxy) }
        }
        await client.close()
        outcome.subscribed = proxy.log.count { entry in
            if case .frame(.toServer, _, _, let text?) = entry.event { text.contains(#""subscribe""#) } else { false }
        }
        outcome.connections = await server.statistics.total
        proxy.stop()
        await server.shutdown()
        return outcome
    }

    @Test("Doubled, swapped and lost frames: every number comes once and in order, without a gap")
    func everything() async throws {
        let outcome = try await self.run([
            FaultRule(Self.number(1, of: 1), .drop),
            FaultRule(Self.number(3, of: 2), .inject(Self.message(1, of: 2))),
            FaultRule(Self.number(4, of: 2), .duplicate),
            FaultRule(Self.number(7, of: 2), .reorder),
            FaultRule(Self.number(12, of: 3), .drop),
            FaultRule(Self.number(12, of: 4), .duplicate),
            FaultRule(Self.number(20, of: 4), .reorder),
        ])
        #expect(outcome.numbers == Array(1...40))
        #expect(outcome.gaps == [])
        // Once for each of those that were lost, or came too late.
        #expect(outcome.subscribed == 5)
        #expect(outcome.connections == 1)
    }

    @Test("What never comes, however often it is asked for, is a gap with the exact count")
    func neverThere() async throws {
        let outcome = try await self.run((5...7).map { FaultRule(Self.number($0), .drop, times: nil) })
        #expect(outcome.numbers == Array(1...4) + Array(8...40))
        #expect(outcome.gaps.map(\.cause) == [.historyLost])
        #expect(outcome.gaps.map(\.count) == [3])
        #expect(outcome.subscribed == 2)
    }

    @Test("After a cut, the beginning of what follows is checked as well")
    func cut() async throws {
        let outcome = try await self.run([FaultRule(Self.number(11), .drop)], at: 10) { $0.cut(.reset) }
        #expect(outcome.numbers == Array(1...40))
        #expect(outcome.gaps == [])
    }

    @Test("Every second frame lost: one number after the other is asked for, or told to be missing; and it ends")
    func hostile() async throws {
        let rules = stride(from: 2, through: 38, by: 2).map { FaultRule(Self.number($0), .drop, times: nil) }
        let outcome = try await self.run(rules)
        #expect(outcome.numbers == Array(stride(from: 1, through: 39, by: 2)) + [40])
        #expect(outcome.gaps.map(\.count) == Array(repeating: 1, count: 19))
        #expect(outcome.subscribed == 20)
    }
}
