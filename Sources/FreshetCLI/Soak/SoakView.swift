// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetSoakRunner

/// Shows how a run stands: some lines that are redrawn on a terminal, otherwise a line for each fault that is over.
final class SoakView: Sendable {
    private let terminal: Terminal
    private let title: String
    private let told = Locked(0)

    init(_ terminal: Terminal, title: String) {
        self.terminal = terminal
        self.title = title
    }

    func show(_ progress: RunProgress) {
        if self.terminal.stderrIsTerminal {
            return self.terminal.block(Self.lines(progress, title: self.title, columns: Terminal.columns))
        }
        let total = progress.faults - (progress.fault == nil ? 0 : 1)
        let new = self.told.withLock { told in
            defer { told = max(told, total) }
            return max(0, total - told)
        }
        for verdict in progress.verdicts.suffix(new) {
            let words = verdict.isGood ? "back" : "\(progress.away) not back"
            self.terminal.note(
                "\(Format.duration(progress.elapsed)) \(verdict.id): \(words) · \(progress.delivered) delivered · "
                    + "\(progress.lost) lost · \(progress.gaps) gaps · \(progress.breaches) breaches"
            )
        }
    }

    /// The lines, none wider than the terminal.
    static func lines(_ progress: RunProgress, title: String, columns: Int) -> [String] {
        let width = max(columns - 1, 20)
        let clock = "\(Format.duration(progress.elapsed)) of \(Format.duration(progress.duration))"
        let bar = Self.bar(min(1, progress.elapsed / progress.duration), width: 24)
        let live = (progress.phases[.live] ?? 0) + (progress.phases[.polling] ?? 0)
        let now = progress.fault.map { "fault \(progress.faults) \($0)" } ?? Self.stage(progress)
        let recover = progress.recoverP99.map { " │ recover p99 \(Format.duration(.microseconds($0)))" } ?? ""
        let bytes = progress.resident / 1_000_000
        var lines = [
            "\(title) │ \(clock)",
            "\(bar) \(now)",
            "live \(live) of \(progress.phases.values.reduce(0, +)) │ \(progress.rates.last ?? 0)/s \(Self.sparks(progress.rates)) │ "
                + "away \(Self.sparks(progress.aways))\(recover)",
            "lost \(progress.lost) │ doubled \(progress.duplicates) │ gaps \(progress.gaps) │ breaches \(progress.breaches) │ "
                + "unexpected \(progress.surprises) │ \(bytes) MB │ \(progress.descriptors) fds",
            Self.matrix(progress.verdicts, width: width),
        ]
        if let breach = progress.firstBreach { lines.append("✗ \(Format.printable(breach))") }
        return lines.map { $0.count > width ? $0.prefix(width - 1) + "…" : $0 }
    }

    private static func stage(_ progress: RunProgress) -> String {
        progress.stage == "faults" ? "waiting until all are back: \(progress.away) away" : progress.stage
    }

    private static func bar(_ share: Double, width: Int) -> String {
        let full = Int((share * Double(width)).rounded())
        return "[" + String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + "]"
    }

    /// The newest faults and whether everybody came back, as many as fit.
    private static func matrix(_ verdicts: [RunProgress.Verdict], width: Int) -> String {
        var line = ""
        for verdict in verdicts.reversed() {
            let word = "\(verdict.isGood ? "✓" : "✗") \(verdict.id)"
            guard line.count + word.count + 2 <= width else { break }
            line = line.isEmpty ? word : "\(word)  \(line)"
        }
        return line
    }

    /// The newest twenty, from nothing to the greatest of them.
    static func sparks(_ values: [Int]) -> String {
        let steps = Array("▁▂▃▄▅▆▇█")
        let newest = values.suffix(20)
        let top = max(newest.max() ?? 0, 1)
        return String(newest.map { steps[max(0, $0) * (steps.count - 1) / top] })
    }
}
