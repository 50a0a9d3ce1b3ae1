// SPDX-License-Identifier: Apache-2.0

/// When each write began and was answered, and when its change came, by version.
actor Latencies {
    private var begun: [String: Double] = [:]
    private var answered: [String: Double] = [:]
    private var came: [String: Double] = [:]

    func wrote(_ version: String, from begun: Double, to answered: Double) {
        self.begun[version] = begun
        self.answered[version] = answered
    }

    func arrival(_ version: String, at time: Double) { self.came[version] = time }

    /// How many have come of those that were answered.
    var pairs: Int { self.answered.keys.count { self.came[$0] != nil } }

    /// For the report, in microseconds: from the write's beginning, and from its answer; less than zero where the change was there
    /// before that.
    var members: String {
        let (all, after) = (self.percentiles(since: self.begun), self.percentiles(since: self.answered))
        return #""p50":\#(all.p50),"p99":\#(all.p99),"after_p50":\#(after.p50),"after_p99":\#(after.p99)"#
    }

    private func percentiles(since times: [String: Double]) -> (p50: Double, p99: Double) {
        let all = times.compactMap { version, time in self.came[version].map { ($0 - time) * 1e6 } }.sorted()
        guard !all.isEmpty else { return (0, 0) }
        return (all[all.count / 2], all[min(all.count * 99 / 100, all.count - 1)])
    }
}
