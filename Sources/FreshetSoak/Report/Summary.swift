// SPDX-License-Identifier: Apache-2.0

/// `summary.md`: what a person reads first, in a terminal or on the page of a CI run.
struct Summary {
    let report: SoakReport

    func document() -> String {
        var text = "## Freshet soak: \(self.report.passed ? "passed" : "failed")\n\n`\(self.report.headline)`\n\n"
        let run = self.report.run
        text += "\(run.clients) \(run.clients == 1 ? "client" : "clients") for \(Text.seconds(run.seconds)), mode "
        text += "\(Text.cell(run.mode)), seed \(run.seed), begun \(Text.cell(run.began)).\n\n"
        if let line = run.reproduction, !self.report.passed {
            text += "Reproduce it with\n\n```\n\(line)\n```\n\n"
        }
        text += "| | |\n|---|---|\n"
        for (name, value) in self.report.figureRows { text += "| \(name) | \(value) |\n" }
        if !self.report.requirements.isEmpty {
            text += "\n| requirement | came to | |\n|---|---|---|\n"
            for result in self.report.requirements {
                text +=
                    "| `\(Text.cell(result.text))` | \(SoakReport.actual(result)) | \(result.isMet ? "met" : "**not met**") |\n"
            }
        }
        text += "\n| invariant | breaches |\n|---|---|\n"
        for one in self.report.invariants {
            text += "| \(one.name) | \(one.breaches == 0 ? "0" : "**\(Text.count(one.breaches))**") |\n"
        }
        if !self.report.breaches.isEmpty {
            text += "\n### Breaches\n\n"
            for breach in self.report.breaches {
                text +=
                    "- **\(breach.invariant.rawValue)**: \(Text.cell(breach.message)) (\(SoakReport.place(breach)))\n"
            }
            if self.report.unlisted > 0 { text += "- and \(Text.count(self.report.unlisted)) more\n" }
        }
        if !self.report.faults.isEmpty {
            text += "\n| \(SoakReport.faultHeader.joined(separator: " | ")) |\n"
            text += "|\(String(repeating: "---|", count: SoakReport.faultHeader.count))\n"
            for row in self.report.faultRows { text += "| \(row.map(Text.cell).joined(separator: " | ")) |\n" }
        }
        return text
    }
}
