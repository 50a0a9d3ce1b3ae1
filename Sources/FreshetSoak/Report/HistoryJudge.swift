// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Goes through a history once, as it is made or when it is read again, and makes a report of it.
package struct HistoryJudge: Sendable {
    package private(set) var oracle: HistoryOracle
    package private(set) var figures = RunFigures()
    private var number = 0

    /// Makes a judge for one history.
    ///
    /// - Parameter limits: those that count instead of those that the history itself has.
    package init(limits: OracleLimits? = nil) {
        self.oracle = HistoryOracle(limits: limits)
    }

    /// Takes the next line.
    package mutating func take(_ line: HistoryLine) {
        self.number += 1
        self.oracle.take(line, number: self.number)
        self.figures.take(line, oracle: self.oracle)
    }

    /// Judges a history that was saved.
    ///
    /// - Parameters:
    ///   - directory: of the report, with its `history.jsonl`.
    ///   - requirements: what it must come to.
    ///   - limits: those that count instead of those that the history itself has.
    /// - Returns: the report.
    /// - Throws: `.invalidInput` when there is no history, `.decoding` at a line that cannot be read.
    package static func verify(
        directory: String,
        requirements: [Requirement] = [],
        limits: OracleLimits? = nil
    ) throws(FreshetError) -> SoakReport {
        var judge = HistoryJudge(limits: limits)
        try HistoryReader.read(path: "\(directory)/\(ReportFiles.history)") { _, line throws(FreshetError) in
            judge.take(line)
        }
        return judge.report(requirements)
    }

    /// The history is over: what came of it.
    package consuming func report(_ requirements: [Requirement] = []) -> SoakReport {
        var (oracle, figures) = (self.oracle, self.figures)
        oracle.end()
        figures.end()
        let metrics = Self.metrics(oracle, figures)
        let results = requirements.map { $0.result(of: metrics) }
        let facts = oracle.facts
        return SoakReport(
            passed: oracle.findings.total == 0 && results.allSatisfy(\.isMet),
            run: SoakReport.Run(
                seed: facts?.seed ?? 0,
                mode: facts?.mode ?? "unknown",
                began: facts?.began ?? "",
                seconds: Double(figures.us) / 1_000_000,
                clients: figures.clientCount,
                reproduction: facts?.reproduction
            ),
            tally: oracle.findings.tally,
            invariants: Invariant.allCases.map { one in
                SoakReport.InvariantResult(
                    name: one.rawValue,
                    sentence: one.sentence,
                    breaches: oracle.findings.counts[one] ?? 0
                )
            },
            breaches: oracle.findings.breaches,
            requirements: results,
            faults: Self.faults(figures),
            detect: SoakReport.Quantiles(figures.detect),
            recover: SoakReport.Quantiles(figures.recover),
            latency: SoakReport.Quantiles(figures.latency),
            elementsPerSecond: metrics["rate"] ?? 0,
            falseDisconnects: figures.falseDisconnects,
            herd: figures.herd,
            processes: Self.processes(oracle, figures),
            timeline: SoakReport.TimelineResult(
                secondsPerPart: Double(figures.timeline.width) / 1_000_000,
                parts: figures.timeline.parts
            ),
            bands: figures.bands,
            metrics: metrics.all
        )
    }

    private static func faults(_ figures: RunFigures) -> [SoakReport.FaultResult] {
        figures.faults.sorted { $0.key < $1.key }.map { id, of in
            let fault = FaultCatalogue.fault(id)
            let limit = figures.limit(of: id).map { ", noticed within \(Text.seconds($0.seconds))" } ?? ""
            return SoakReport.FaultResult(
                id: id,
                does: fault?.does ?? "A fault that the catalogue does not have.",
                expected: fault.map { $0.outcome.words + limit } ?? "",
                injected: of.injected,
                affected: of.affected,
                away: of.away,
                late: of.late,
                surprises: of.surprises,
                surprise: of.surprise,
                attemptsPerRecovery: of.recover.count == 0 ? nil : Double(of.attempts) / Double(of.recover.count),
                detect: SoakReport.Quantiles(of.detect),
                recover: SoakReport.Quantiles(of.recover),
                recovery: of.recover.steps().map { step in
                    SoakReport.Step(
                        seconds: Double(step.us) / 1_000_000,
                        share: Double(step.below) / Double(of.recover.count)
                    )
                }
            )
        }
    }

    private static func processes(_ oracle: HistoryOracle, _ figures: RunFigures) -> [SoakReport.Process] {
        figures.samples.sorted { $0.key < $1.key }.map { name, samples in
            let judge = oracle.processes[name]
            let ends = [samples.all.first?.us ?? 0, samples.all.last?.us ?? 0].map(ProcessJudge.hours)
            func line(_ fit: LeastSquares?) -> [Double]? {
                fit.flatMap { fit in fit.slope == nil ? nil : ends.map { fit.value(at: $0) } }
            }
            return SoakReport.Process(
                name: name,
                maxResident: samples.maxResident,
                maxDescriptors: samples.maxDescriptors,
                megabytesPerHour: judge?.megabytesPerHour,
                inUsePerHour: judge?.inUsePerHour,
                descriptorsPerHour: judge?.descriptorsPerHour,
                memoryLine: line(judge?.memory),
                inUseLine: line(judge?.inUse),
                descriptorLine: line(judge?.descriptors),
                samples: samples.all
            )
        }
    }
}

extension Duration {
    var seconds: Double { Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18 }
}

extension Fault.Outcome {
    /// In words.
    package var words: String {
        switch self {
        case .goesOn: "goes on"
        case .retry: "retries"
        case .retryAfter: "retries, no sooner than told"
        case .refresh: "other credentials, once"
        case .fatal: "ends with the error"
        case .resync: "a gap, then the state anew"
        case .policy: "as the delivery policy says"
        }
    }
}
