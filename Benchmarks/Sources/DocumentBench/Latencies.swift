// SPDX-License-Identifier: Apache-2.0

import BenchMeasure
import FreshetDocuments

/// When each write began and was answered, and when its change came, by version.
actor Latencies {
    private let (ready, isReady) = AsyncStream<Void>.makeStream()
    private var started: [String: Double] = [:]
    private var answered: [String: Double] = [:]
    private var came: [String: Double] = [:]

    /// Notes what comes, until so many changes have come. The state with which it begins is none of them.
    nonisolated func read(_ feed: Feed<DocumentEvent<Bytes>>, count: Int) -> Task<Void, any Error> {
        Task {
            var seen = 0
            for try await event in feed {
                let now = Measure.now()
                if case .snapshot = event {
                    self.isReady.yield()
                    continue
                }
                for change in event.changes { await self.arrival(change.version, at: now) }
                seen += event.changes.count
                if seen >= count { return }
            }
        }
    }

    /// Returns when the watch has begun.
    nonisolated func begun() async { for await _ in self.ready { return } }

    func wrote(_ version: String, from started: Double, to answered: Double) {
        self.started[version] = started
        self.answered[version] = answered
    }

    private func arrival(_ version: String, at time: Double) { self.came[version] = time }

    /// For the report, in microseconds: from the write's beginning, and from its answer; less than zero where the change was there
    /// before that.
    var members: String {
        let (all, after) = (self.percentiles(since: self.started), self.percentiles(since: self.answered))
        return #""p50":\#(all.p50),"p99":\#(all.p99),"after_p50":\#(after.p50),"after_p99":\#(after.p99)"#
    }

    private func percentiles(since times: [String: Double]) -> (p50: Double, p99: Double) {
        let all = times.compactMap { version, time in self.came[version].map { ($0 - time) * 1e6 } }.sorted()
        guard !all.isEmpty else { return (0, 0) }
        return (all[all.count / 2], all[min(all.count * 99 / 100, all.count - 1)])
    }
}
