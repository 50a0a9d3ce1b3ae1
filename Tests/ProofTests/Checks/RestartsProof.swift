// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport

/// Hundreds of subscriptions on one socket, and a server that goes and comes: each time all are live again, and there is never
/// a second socket.
package struct RestartsProof: Sendable {
    package var subscriptions = 500
    package var restarts = 20
    /// How long the server is away every other time; otherwise it is back at once.
    package var down: Duration = .milliseconds(300)

    package init() {}

    private struct Tick: Decodable, Sendable {
        let n: Int
    }

    /// What a consumer tells.
    private struct Report: Sendable {
        let id: Int
        let error: FreshetError?
    }

    package func run(_ progress: @escaping @Sendable (String) -> Void) async throws -> Verdict {
        let server = try await EmbeddedServer()
        var policy = ConnectionPolicy()
        // The server is known to come back soon, again and again.
        policy.backoff = Backoff(initial: .milliseconds(50), cap: .milliseconds(250))
        policy.healthy = .milliseconds(100)
        var configuration = GraphQLClientConfiguration(policy: policy)
        configuration.sharesSubscriptions = false
        let client = GraphQLClient(url: await server.url, configuration: configuration)
        let (reports, continuation) = AsyncStream<Report>.makeStream()
        let gaps = Locked(0)
        let consumers = (0..<self.subscriptions).map { id in
            Task { await Self.consume(client, id, gaps) { continuation.yield($0) } }
        }

        var verdict = Verdict("restarts")
        var times = Percentiles()
        var iterator = reports.makeAsyncIterator()
        for round in 0...self.restarts {
            if round > 0 {
                await server.stop()
                if round % 2 == 0 { try await Task.sleep(for: self.down) }
                try await server.start()
            }
            let up = ContinuousClock.now
            var missing = Set(0..<self.subscriptions)
            while !missing.isEmpty, verdict.holds, let report = await iterator.next() {
                missing.remove(report.id)
                if let error = report.error { verdict.demand(false, "a feed ended with \(error.kind): \(error)") }
            }
            guard verdict.holds else { break }
            let time = ContinuousClock.now - up
            if round > 0 { times.add(time) }
            progress("round \(round): all live after \(time), \(await server.statistics)")
        }

        let statistics = await server.statistics
        verdict.note("subscriptions", self.subscriptions)
        verdict.note("restarts", times.count)
        verdict.note("p50ms", times.at(0.5))
        verdict.note("p99ms", times.at(0.99))
        verdict.note("peak", statistics.peak)
        verdict.note("sockets", statistics.total)
        verdict.note("gaps", gaps.withLock { $0 })
        verdict.demand(statistics.peak == 1, "\(statistics.peak) sockets at once")
        verdict.demand(statistics.total == self.restarts + 1, "\(statistics.total) sockets in all")
        verdict.demand(
            gaps.withLock { $0 } == self.restarts * self.subscriptions,
            "\(gaps.withLock { $0 }) gaps, not one a restart and subscription"
        )
        for consumer in consumers { consumer.cancel() }
        await client.close()
        await server.shutdown()
        return verdict
    }

    /// Reports the first element, and the first after each gap.
    private static func consume(
        _ client: GraphQLClient,
        _ id: Int,
        _ gaps: Locked<Int>,
        _ report: @Sendable (Report) -> Void
    ) async {
        var isNew = true
        do throws(FreshetError) {
            for try await event in client.subscribe(Tick.self, "subscription { ticks(every: 100) { n } }") {
                if case .gap = event {
                    gaps.withLock { $0 += 1 }
                    isNew = true
                } else if isNew {
                    isNew = false
                    report(Report(id: id, error: nil))
                }
            }
        } catch {
            report(Report(id: id, error: error))
        }
    }
}
