// SPDX-License-Identifier: Apache-2.0

/// What came of a run: `report.json`, and all that is made of it. docs/soak-report.md describes it. Times are in seconds.
package struct SoakReport: Sendable, Hashable, Codable {
    package struct Run: Sendable, Hashable, Codable {
        package var seed: UInt64
        package var mode: String
        package var began: String
        package var seconds: Double
        package var clients: Int
        package var reproduction: String?
    }

    package struct InvariantResult: Sendable, Hashable, Codable {
        package var name: String
        package var sentence: String
        package var breaches: Int
    }

    package struct Quantiles: Sendable, Hashable, Codable {
        package var count: Int
        package var p50: Double
        package var p95: Double
        package var p99: Double
        package var p999: Double
        package var max: Double
    }

    /// One step of a cumulative distribution: this share took no longer.
    package struct Step: Sendable, Hashable, Codable {
        package var seconds: Double
        package var share: Double
    }

    package struct FaultResult: Sendable, Hashable, Codable {
        package var id: String
        package var does: String
        package var expected: String
        package var injected: Int
        /// Clients that lost their connection by it.
        package var affected: Int
        /// Clients that were not back at the end.
        package var away: Int
        /// Clients that noticed it later than expected.
        package var late: Int
        /// How often a client had nothing to notice and did, or named another error than expected; and the first of these.
        package var surprises: Int
        package var surprise: String?
        package var attemptsPerRecovery: Double?
        package var detect: Quantiles?
        package var recover: Quantiles?
        package var recovery: [Step]
    }

    package struct Process: Sendable, Hashable, Codable {
        package var name: String
        package var maxResident: Int
        package var maxDescriptors: Int
        /// More than noise; nil: not measured.
        package var megabytesPerHour: Double?
        /// Of what is allocated and not given back.
        package var inUsePerHour: Double?
        package var descriptorsPerHour: Double?
        /// The lines through memory and descriptors at the first sample and at the last one; nil: no line.
        package var memoryLine: [Double]?
        package var inUseLine: [Double]?
        package var descriptorLine: [Double]?
        package var samples: [Samples.Sample]
    }

    package struct TimelineResult: Sendable, Hashable, Codable {
        package var secondsPerPart: Double
        package var parts: [Timeline.Part]
    }

    package static let schema = 1

    package var schema = Self.schema
    package var passed: Bool
    package var run: Run
    package var tally: Tally
    package var invariants: [InvariantResult]
    package var breaches: [Breach]
    package var requirements: [RequirementResult]
    package var faults: [FaultResult]
    package var detect: Quantiles?
    package var recover: Quantiles?
    package var latency: Quantiles?
    package var elementsPerSecond: Double
    package var falseDisconnects: Int
    package var herd: Herd?
    package var processes: [Process]
    package var timeline: TimelineResult
    package var bands: [FaultBand]
    /// Every figure that a requirement can name.
    package var metrics: [String: Double]

    /// How many broke an invariant.
    package var breachCount: Int { self.invariants.reduce(0) { $0 + $1.breaches } }

    /// The last line that a person reads.
    package var headline: String {
        let faults = self.faults.reduce(0) { $0 + $1.injected }
        let unmet = self.requirements.count { !$0.isMet }
        var parts = ["\(self.passed ? "PASS" : "FAIL") \(faults) \(faults == 1 ? "fault" : "faults")"]
        parts.append("\(self.tally.lost) lost")
        parts.append("\(self.tally.gaps) \(self.tally.gaps == 1 ? "gap" : "gaps") declared")
        if self.breachCount > 0 { parts.append("\(self.breachCount) breaches") }
        if unmet > 0 { parts.append("\(unmet) \(unmet == 1 ? "requirement" : "requirements") not met") }
        if let recover = self.recover { parts.append("recover p99 \(Text.seconds(recover.p99))") }
        parts.append("seed \(self.run.seed)")
        return parts.joined(separator: " · ")
    }
}

extension SoakReport.Quantiles {
    init?(_ distribution: Distribution) {
        guard distribution.count > 0 else { return nil }
        func seconds(_ share: Double) -> Double { Double(distribution.quantile(share) ?? 0) / 1_000_000 }
        self.init(
            count: distribution.count,
            p50: seconds(0.5),
            p95: seconds(0.95),
            p99: seconds(0.99),
            p999: seconds(0.999),
            max: Double(distribution.greatest) / 1_000_000
        )
    }
}
