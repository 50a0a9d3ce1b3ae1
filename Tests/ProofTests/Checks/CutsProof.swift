// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport

/// A subscription with a cursor through a proxy that cuts at random: nothing is lost, nothing comes twice.
package struct CutsProof: Sendable {
    package var cuts = 200
    package var seed: UInt64 = 1
    package var eventsPerSecond = 2000
    /// The most that goes through between two cuts.
    package var bytes = 40_000
    /// If given, credentials live so long: connections are replaced too, and that is cut as well.
    package var lifetime: Duration?

    package init() {}

    package func run(_ progress: @escaping @Sendable (String) -> Void) async throws -> Verdict {
        let server = try await EmbeddedServer(eventsPerSecond: self.eventsPerSecond)
        let proxy = try CuttingProxy(to: await server.port, cuts: self.cuts, bytes: self.bytes, seed: self.seed)
        var policy = ConnectionPolicy()
        policy.backoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
        policy.waitsForFirstConnection = true
        var configuration = GraphQLClientConfiguration(policy: policy)
        if let lifetime = self.lifetime {
            let tokens = ExpiringTokens(lifetime: lifetime)
            await server.require(tokens)
            configuration.credentials = { _ in .bearer(tokens.issue(), lifetime: lifetime) }
        }
        let client = GraphQLClient(url: proxy.url, configuration: configuration)
        let began = ContinuousClock.now
        let plain = Task { await LogReader.plain(client, server, until: nil) }

        var reader = LogReader()
        var failure: FreshetError?
        /// The newest element after the last cut: everything up to it must come.
        var goal: Int?
        do throws(FreshetError) {
            let feed = client.subscribe(LogElement.self, LogReader.query, recovery: LogReader.recovery)
            for try await event in feed {
                reader.take(event)
                if reader.received % 5000 == 0 { progress("\(reader.received) elements, \(proxy.statistics)") }
                if goal == nil, proxy.statistics.connections > self.cuts { goal = server.log.last() }
                if let goal, reader.last >= goal { break }
            }
        } catch {
            failure = error
        }

        var verdict = Verdict("cuts")
        let statistics = proxy.statistics
        verdict.note("cuts", statistics.cuts)
        verdict.note("resets", statistics.resets)
        verdict.note("fins", statistics.ends)
        verdict.note("early", statistics.early)
        verdict.note("seed", self.seed)
        reader.judge(&verdict)
        plain.cancel()
        await plain.value.judge(&verdict, "plain.", allowsGaps: true)
        verdict.note("seconds", (ContinuousClock.now - began).components.seconds)
        if let failure { verdict.demand(false, "the feed ended with \(failure.kind): \(failure)") }
        verdict.demand(goal != nil, "only \(statistics.cuts) cuts came about")
        let peak = await server.statistics.peak
        verdict.note("peak", peak)
        await client.close()
        proxy.stop()
        await server.shutdown()
        return verdict
    }
}
