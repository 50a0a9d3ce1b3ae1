// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore

/// The files of a report, beside the `history.jsonl` that they are made of.
package enum ReportFiles {
    package static let history = "history.jsonl"

    /// All but the history, by name. The plots' names end in `.svg`.
    ///
    /// - Throws: when the report cannot be written as JSON.
    package static func contents(of report: SoakReport) throws(FreshetError) -> [String: String] {
        let plots = Self.plots(of: report)
        var files = Dictionary(uniqueKeysWithValues: plots.map { ("\($0.name).svg", $0.svg) })
        files["report.json"] = try Self.json(report)
        files["summary.md"] = Summary(report: report).document()
        files["junit.xml"] = JUnit(report: report).document()
        files["index.html"] = Page(report: report, plots: plots).document()
        return files
    }

    /// Writes them into a directory, which is made where there is none.
    ///
    /// - Throws: `.invalidInput` when one cannot be written.
    package static func write(_ report: SoakReport, to directory: String) throws(FreshetError) {
        let files = try Self.contents(of: report)
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for (name, text) in files {
                try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"), options: .atomic)
            }
        } catch {
            throw FreshetError(
                .invalidInput,
                "The report cannot be written to \(directory).",
                hint: "--report wants a directory that may be written: \(error)"
            )
        }
    }

    /// Reads a `report.json`.
    ///
    /// - Throws: `.decoding` when it is none of this schema.
    package static func read(json: String) throws(FreshetError) -> SoakReport {
        let report = try? JSONDecoder().decode(SoakReport.self, from: Data(json.utf8))
        guard let report, report.schema == SoakReport.schema else {
            throw FreshetError(.decoding, "This is no report of schema \(SoakReport.schema).")
        }
        return report
    }

    static func plots(of report: SoakReport) -> [(name: String, svg: String)] {
        [
            ("timeline", TimelinePlot(report: report).document()),
            ("recovery", RecoveryPlot(report: report).document()),
            ("herd", HerdPlot(report: report).document()),
            ("resources", ResourcePlot(report: report).document()),
        ]
    }

    private static func json(_ report: SoakReport) throws(FreshetError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
        } catch {
            throw FreshetError(.invalidInput, "The report cannot be written as JSON: \(error).")
        }
    }
}
