// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetSoak

/// `freshet soak verify`: judges a saved history again.
struct SoakVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Judge a saved history again, and write its report anew."
    )

    @Argument(help: "The directory of a report, with its history.jsonl.")
    var directory: String

    @Option(
        name: .customLong("require"),
        help: ArgumentHelp("What it must come to, as in 'recover.p99<2s'.", valueName: "figure<value")
    )
    var requirements: [String] = []

    @Flag(help: "Say what there is, and write nothing.")
    var dryRun = false

    func run() async throws {
        let terminal = Terminal()
        let waiting = Task { await terminal.showWaiting("judging the history") }
        let report: SoakReport
        do throws(FreshetError) {
            var required: [Requirement] = []
            for text in self.requirements { required.append(try Requirement(text)) }
            report = try HistoryJudge.verify(directory: self.directory, requirements: required)
            if !self.dryRun { try ReportFiles.write(report, to: self.directory) }
        } catch {
            waiting.cancel()
            terminal.clearStatus()
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        waiting.cancel()
        terminal.clearStatus()
        _ = terminal.record(Array(SoakResult.text(of: report).utf8))
        if !report.passed { throw ExitCode(ExitStatus.breach.rawValue) }
    }
}
