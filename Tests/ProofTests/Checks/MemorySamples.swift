// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How much memory the process has, once a second.
struct MemorySamples: Sendable {
    /// In KiB.
    var values: [Int] = []

    /// VmRSS of this process; 0 where there is no /proc.
    static func now() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) / 1024 : 0
    }

    mutating func sample() { self.values.append(Self.now()) }

    func first(_ count: Int) -> MemorySamples { MemorySamples(values: Array(self.values.prefix(count))) }

    /// KiB a minute, by least squares, without the first fifth: buffers fill, and the allocator gets its pages.
    var slope: Double {
        let values = self.values.dropFirst(self.values.count / 5).map(Double.init)
        guard values.count > 2 else { return 0 }
        let middle = Double(values.count - 1) / 2
        let mean = values.reduce(0, +) / Double(values.count)
        var (above, below) = (0.0, 0.0)
        for (index, value) in values.enumerated() {
            above += (Double(index) - middle) * (value - mean)
            below += (Double(index) - middle) * (Double(index) - middle)
        }
        return above / below * 60
    }

    /// How much more the second half had at most than the first.
    var growth: Int {
        let half = self.values.count / 2
        return (self.values.dropFirst(half).max() ?? 0) - (self.values.prefix(half).max() ?? 0)
    }

    func note(_ verdict: inout Verdict) {
        verdict.note("rssStartKB", self.values.first ?? 0)
        verdict.note("rssMaxKB", self.values.max() ?? 0)
        verdict.note("rssEndKB", self.values.last ?? 0)
        verdict.note("slopeKBperMin", Int(self.slope))
        verdict.note("growthKB", self.growth)
    }
}
