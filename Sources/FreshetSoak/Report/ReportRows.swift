// SPDX-License-Identifier: Apache-2.0

/// The tables of a report, as they stand in the summary and on the page.
extension SoakReport {
    /// What was counted, and how it is called.
    var figureRows: [(String, String)] {
        let tally = self.tally
        var rows = [
            ("published", Text.count(tally.sent)),
            ("delivered", Text.count(tally.delivered)),
            ("lost, and nobody said so", Text.count(tally.lost)),
            ("lost, declared by a gap", Text.count(tally.lostDeclared)),
            ("duplicates", Text.count(tally.duplicates)),
            ("out of order", Text.count(tally.reordered + tally.stale)),
            ("gaps (of these needless)", "\(Text.count(tally.gaps)) (\(Text.count(tally.needlessGaps)))"),
            ("states made anew", Text.count(tally.resyncs)),
            ("elements a second", Text.decimal(self.elementsPerSecond, 1)),
            ("disconnections that no fault explains", Text.count(self.falseDisconnects)),
        ]
        if tally.unchecked > 0 { rows.append(("too late to be compared", Text.count(tally.unchecked))) }
        for (name, quantiles) in [("noticed", self.detect), ("recovered", self.recover), ("latency", self.latency)] {
            guard let quantiles else { continue }
            rows.append(("\(name), p50 · p99 · max", Self.text(quantiles)))
        }
        if tally.refreshes > 0 {
            rows.append(("renewals of credentials", Text.count(tally.refreshes)))
            rows.append(("requests with an expired token", Text.count(tally.expiredSent)))
        }
        return rows
    }

    static let faultHeader = ["fault", "expected", "times", "clients lost", "noticed", "recovered", "verdict"]

    /// One row for each fault that was injected.
    var faultRows: [[String]] {
        self.faults.map { fault in
            return [
                fault.id, fault.expected, Text.count(fault.injected), Text.count(fault.affected),
                fault.detect.map(Self.text) ?? "–", fault.recover.map(Self.text) ?? "–", fault.verdict,
            ]
        }
    }

    private static func text(_ quantiles: Quantiles) -> String {
        [quantiles.p50, quantiles.p99, quantiles.max].map(Text.seconds).joined(separator: " · ")
    }

    /// What a requirement came to, in words.
    static func actual(_ result: RequirementResult) -> String {
        result.actual.map { Text.decimal($0, 3) } ?? "not measured"
    }

    /// Where a breach happened, and the lines that prove it.
    static func place(_ breach: Breach) -> String {
        var parts: [String] = []
        if let client = breach.client { parts.append("client \(client)") }
        if let stream = breach.stream { parts.append("stream \(stream)") }
        parts.append(
            "\(breach.lines.count == 1 ? "line" : "lines") \(breach.lines.map(String.init).joined(separator: ", "))"
        )
        return parts.joined(separator: ", ")
    }

    /// Breaches that are counted, and not listed.
    var unlisted: Int { self.breachCount - self.breaches.count }
}

extension SoakReport.FaultResult {
    /// Whether it went as the catalogue says, in words.
    var verdict: String {
        if self.away > 0 { return "\(self.away) \(FaultCatalogue.endsStreams(self.id) ? "ended" : "not back")" }
        if let surprise = self.surprise { return "\(self.surprises) × not as expected: \(surprise)" }
        return self.late > 0 ? "\(self.late) noticed late" : "as expected"
    }
}
