// SPDX-License-Identifier: Apache-2.0

/// When each write was answered and when its change came, by version: from the answer to the element in the loop.
actor Latencies {
    private var answered: [String: Double] = [:]
    private var came: [String: Double] = [:]

    func answer(_ version: String, at time: Double) { self.answered[version] = time }
    func arrival(_ version: String, at time: Double) { self.came[version] = time }

    /// How many have come of those that were answered.
    var pairs: Int { self.answered.keys.count { self.came[$0] != nil } }

    /// Microseconds: p50 and p99; where the change was there before the answer, zero.
    var percentiles: (p50: Double, p99: Double) {
        let all = self.answered.compactMap { version, time in self.came[version].map { max($0 - time, 0) * 1e6 } }.sorted()
        guard !all.isEmpty else { return (0, 0) }
        return (all[all.count / 2], all[min(all.count * 99 / 100, all.count - 1)])
    }
}
