// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How long it takes from a fault's end to the next element: for each fault the share of clients that took no longer.
struct RecoveryPlot {
    let report: SoakReport

    private static let most = 8

    func document() -> String {
        var svg = SVG(height: 350, title: "Recovery: from a fault's end to the next element")
        let all = self.report.faults.filter { !$0.recovery.isEmpty }
            .sorted { ($0.recover?.p99 ?? 0, $1.id) > ($1.recover?.p99 ?? 0, $0.id) }
        let shown = all.prefix(Self.most)
        guard !shown.isEmpty else {
            svg.text(480, 180, "No client was lost to a fault.", "dim", .middle)
            return svg.document()
        }
        if all.count > shown.count { svg.text(20, 48, "The \(shown.count) slowest of \(all.count) faults.", "dim") }
        let seconds = shown.flatMap { $0.recovery.map(\.seconds) }
        let least = log10(max(seconds.min() ?? 0, 0.001)).rounded(.down)
        let most = max(log10(max(seconds.max() ?? 0, 0.001)).rounded(.up), least + 1)
        let axes = Axes(left: 70, top: 80, width: 610, height: 220, x: least...most, y: 0...100)
        axes.drawY(&svg, name: "clients that were back") { "\(Int($0)) %" }
        svg.line(axes.left, axes.bottom, axes.right, axes.bottom, "axis")
        for power in Int(least)...Int(most) {
            let x = axes.px(Double(power))
            svg.line(x, axes.top, x, axes.bottom + 4, "grid")
            svg.text(x, axes.bottom + 20, Text.seconds(pow(10, Double(power))), "dim", .middle)
        }
        for (index, fault) in shown.enumerated() {
            var points = [(axes.left, axes.bottom)]
            var share = 0.0
            for step in fault.recovery {
                let x = axes.px(log10(max(step.seconds, 0.001)))
                points += [(x, axes.py(share)), (x, axes.py(step.share * 100))]
                share = step.share * 100
            }
            points.append((axes.right, axes.py(share)))
            svg.path(points, "s s\(index)")
            let y = 92 + Double(index) * 26
            svg.rect(700, y - 9, 10, 10, "f\(index)")
            let name = fault.id.count > 24 ? "\(fault.id.prefix(23))…" : fault.id
            svg.text(716, y, name, "ink")
            svg.text(944, y, "\(fault.recover?.count ?? 0)×", "dim", .end)
        }
        return svg.document()
    }
}
