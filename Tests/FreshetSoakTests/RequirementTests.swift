// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import Testing

struct RequirementTests {
    @Test(
        "A requirement is read with its units",
        arguments: [
            ("lost==0", "lost", .equal, 0), ("duplicates == 0", "duplicates", .equal, 0),
            ("slope<=1", "slope", .atMost, 1),
            ("recover.p99<=5s", "recover.p99", .atMost, 5), ("latency.p50<250us", "latency.p50", .below, 0.000_25),
            ("herd.back95 < 2m", "herd.back95", .below, 120), ("memory.max<64MiB", "memory.max", .below, 67_108_864),
            ("rate>=1000.5", "rate", .atLeast, 1000.5), ("resyncs!=0", "resyncs", .notEqual, 0),
            ("recover[net.latency(200ms)].max>0s", "recover[net.latency(200ms)].max", .above, 0),
        ] as [(String, String, Requirement.Comparison, Double)]
    )
    func read(text: String, metric: String, comparison: Requirement.Comparison, value: Double) throws {
        let requirement = try Requirement(text)
        #expect(requirement.metric == metric)
        #expect(requirement.comparison == comparison)
        #expect(abs(requirement.value - value) < 1e-12)
    }

    @Test(
        "What is no requirement is an error that says why",
        arguments: [
            ("", "compares nothing"), ("lost", "compares nothing"), ("lost=0", "compares nothing"),
            ("==0", "no figure"), ("losst==0", "no figure"), ("recover[tcp.nothing].p99<1s", "no figure"),
            ("recover[tcp.rst].p98<1s", "no figure"), ("recover[tcp.rst]<1s", "no figure"),
            ("lost==", "nothing is not a number"), ("lost==0s", "without a unit"), ("recover.p99<5", "with its unit"),
            ("recover.p99<5parsecs", "with its unit"), ("lost==-1", "not a number"), ("lost==nan", "not a number"),
            ("lost==0x10", "not a number"), ("memory.max<1s", "a size"),
        ]
    )
    func unreadable(text: String, reason: String) {
        let error = #expect(throws: FreshetError.self) { try Requirement(text) }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("What was not measured meets nothing")
    func notMeasured() throws {
        let result = try Requirement("recover.p99<=5s").result(of: Metrics())
        #expect(!result.isMet && result.actual == nil)
    }

    @Test("A requirement that is not met fails a run that is otherwise right")
    func evaluated() throws {
        let lines = GoodHistory.lines(seed: 1)
        let met = lines.judged([
            try Requirement("lost==0"), try Requirement("recover.p99<=1s"), try Requirement("slope<=1"),
        ])
        #expect(met.passed && met.requirements.allSatisfy(\.isMet))
        let unmet = lines.judged([try Requirement("gaps==0")])
        #expect(!unmet.passed && unmet.breachCount == 0)
        #expect(unmet.headline.hasPrefix("FAIL 2 faults · 0 lost · "))
    }
}
