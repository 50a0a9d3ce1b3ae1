// SPDX-License-Identifier: Apache-2.0

import FreshetSoak
import FreshetSoakRunner
import Testing

@testable import FreshetCLI

struct SoakViewTests {
    private var progress: RunProgress {
        var progress = RunProgress(duration: .seconds(300))
        progress.elapsed = .seconds(75)
        progress.stage = "faults"
        progress.fault = "tcp.blackhole"
        progress.faults = 31
        progress.phases = [.live: 197, .waiting: 3]
        progress.rates = [0, 50, 100]
        progress.gaps = 41
        progress.recoverP99 = 1_310_000
        progress.verdicts = [
            RunProgress.Verdict(id: "tcp.rst", isGood: true), RunProgress.Verdict(id: "net.flap", isGood: false),
        ]
        return progress
    }

    @Test("It says how far it is, which fault is on, who is away, what was lost, and how each fault went")
    func lines() {
        let lines = SoakView.lines(self.progress, title: "soak", columns: 100)
        #expect(lines[0] == "soak │ 1m15s of 5m0s")
        #expect(lines[1] == "[██████░░░░░░░░░░░░░░░░░░] fault 31 tcp.blackhole")
        #expect(lines[2].hasPrefix("live 197 of 200 │ 100/s ▁▄█ │"))
        #expect(lines[2].hasSuffix("recover p99 1.3 s"))
        #expect(lines[3].hasPrefix("lost 0 │ doubled 0 │ gaps 41 │ breaches 0"))
        #expect(lines[4] == "✓ tcp.rst  ✗ net.flap")
        #expect(lines.count == 5)
    }

    @Test(
        "No line is wider than the terminal, and a breach is shown without what would steer it",
        arguments: [30, 60, 200]
    )
    func narrow(_ columns: Int) {
        var progress = self.progress
        progress.firstBreach = "unique: \u{1B}[2J came twice"
        let lines = SoakView.lines(progress, title: "soak", columns: columns)
        #expect(lines.allSatisfy { $0.count < columns })
        #expect(lines.count == 6 && !lines[5].contains("\u{1B}"))
    }

    @Test("A sparkline of nothing is flat, and the greatest is full")
    func sparks() {
        #expect(SoakView.sparks([]) == "")
        #expect(SoakView.sparks([0, 0]) == "▁▁")
        #expect(SoakView.sparks([7, 0, 3]) == "█▁▄")
    }
}
