// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport

/// Credentials that expire while a feed runs: one new token for each that ends, none is used after its end, and the feed does
/// not notice.
package struct TokensProof: Sendable {
    package var lifetime: Duration = .seconds(2)
    package var duration: Duration = .seconds(60)
    package var eventsPerSecond = 5000

    package init() {}

    package func run(_ progress: @escaping @Sendable (String) -> Void) async throws -> Verdict {
        let server = try await EmbeddedServer(eventsPerSecond: self.eventsPerSecond)
        let tokens = ExpiringTokens(lifetime: self.lifetime)
        await server.require(tokens)
        var configuration = GraphQLClientConfiguration()
        let refusals = Locked(0)
        configuration.credentials = { reason in
            if reason == .refused { refusals.withLock { $0 += 1 } }
            return .bearer(tokens.issue(), lifetime: tokens.lifetime)
        }
        let client = GraphQLClient(url: await server.url, configuration: configuration)
        let end = ContinuousClock.now + self.duration
        // Without a cursor, what comes on both connections is put together by its bytes.
        let plain = Task { await LogReader.plain(client, server, until: end) }

        var reader = LogReader()
        var failure: FreshetError?
        do throws(FreshetError) {
            let feed = client.subscribe(LogElement.self, LogReader.query, recovery: LogReader.recovery)
            for try await event in feed {
                reader.take(event)
                if reader.received % 20_000 == 0 { progress("\(reader.received) elements, \(tokens.issued) tokens") }
                if server.log.appeared(reader.last) >= end { break }
            }
        } catch {
            failure = error
        }

        let statistics = await server.statistics
        let (refreshes, expiries) = (tokens.issued - 1, statistics.total - 1)
        // A token is replaced when a quarter of its life is left; a rotation more or less is a matter of when it ends.
        let rotations = Int(self.duration / (self.lifetime * 0.75))
        var verdict = Verdict("tokens")
        verdict.note("refreshes", refreshes)
        verdict.note("expiries", expiries)
        verdict.note("perExpiry", expiries > 0 ? Double(refreshes) / Double(expiries) : 0)
        verdict.note("expiredRequests", statistics.expired)
        verdict.note("peak", statistics.peak)
        reader.judge(&verdict)
        await plain.value.judge(&verdict, "plain.")
        if let failure { verdict.demand(false, "the feed ended with \(failure.kind): \(failure)") }
        verdict.demand(refreshes == expiries, "\(refreshes) refreshes for \(expiries) expiries")
        verdict.demand(abs(refreshes - rotations) <= 1 + rotations / 10, "not about \(rotations) rotations")
        verdict.demand(statistics.expired == 0, "\(statistics.expired) requests with an expired token")
        verdict.demand(refusals.withLock { $0 } == 0, "credentials were refused")
        verdict.demand(statistics.peak <= 2, "\(statistics.peak) connections at once")
        await client.close()
        await server.shutdown()
        return verdict
    }
}
