// SPDX-License-Identifier: Apache-2.0

/// When clients came back after the fault that brought most of them, in 100 ms.
struct HerdPlot {
    let report: SoakReport

    func document() -> String {
        var svg = SVG(height: 320, title: "Herd: reconnections in each 100 ms after a fault's end")
        guard let herd = self.report.herd, herd.total > 0 else {
            svg.text(480, 170, "No fault brought clients back.", "dim", .middle)
            return svg.document()
        }
        var facts = ["\(herd.id) (fault \(herd.number))", "\(herd.total) arrivals"]
        if let ratio = herd.peakRatio { facts.append("peak \(Text.decimal(ratio, 2)) × mean") }
        for (words, share) in [("half", 0.5), ("95 %", 0.95), ("all", 1)] {
            if let us = herd.back(share) { facts.append("\(words) back after \(Text.seconds(Double(us) / 1_000_000))") }
        }
        svg.text(20, 48, facts.joined(separator: " · "), "dim")
        let part = Double(Herd.part) / 1_000_000
        let span = max(Double(herd.arrivals.count) * part, 1)
        let most = Double(herd.arrivals.max() ?? 0)
        let axes = Axes(left: 70, top: 88, width: 870, height: 180, x: 0...span, y: Axes.upTo(most))
        axes.drawY(&svg, name: "arrivals")
        let width = axes.width * part / span
        for (index, count) in herd.arrivals.enumerated() where count > 0 {
            let y = axes.py(Double(count))
            let gap = width > 4 ? 1.0 : 0
            svg.rect(axes.px(Double(index) * part), y, max(width - gap, 1), axes.bottom - y, "bar")
        }
        axes.drawTime(&svg)
        return svg.document()
    }
}
