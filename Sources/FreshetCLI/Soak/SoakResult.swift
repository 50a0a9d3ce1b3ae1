// SPDX-License-Identifier: Apache-2.0

import FreshetSoak

/// What came of a run, as it is printed at the end.
enum SoakResult {
    /// What was wrong, each in a line, and the headline last.
    static func text(of report: SoakReport) -> String {
        var lines: [String] = []
        for breach in report.breaches.prefix(10) {
            var places = breach.client.map { ["client \($0)"] } ?? []
            if !breach.lines.isEmpty {
                places.append("lines \(breach.lines.map(String.init).joined(separator: ", "))")
            }
            let place = places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
            lines.append("✗ \(breach.invariant.rawValue): \(breach.message)\(place)")
        }
        let count = report.invariants.reduce(0) { $0 + $1.breaches }
        if count > 10 { lines.append("✗ and \(count - 10) more") }
        for result in report.requirements where !result.isMet {
            let actual = result.actual.map { "\(($0 * 1000).rounded() / 1000)" } ?? "not measured"
            lines.append("✗ \(result.text): \(actual)")
        }
        lines.append(report.headline)
        return lines.map { Format.printable($0) + "\n" }.joined()
    }
}
