// SPDX-License-Identifier: Apache-2.0

/// Memory and descriptors over time, with the line that is put through them.
struct ResourcePlot {
    let report: SoakReport

    private static let most = 4
    private static let mebibyte = 1_048_576.0

    func document() -> String {
        let processes = self.report.processes.filter { !$0.samples.isEmpty }.prefix(Self.most)
        let legendHeight = Double(processes.count) * 20
        let top = 72 + legendHeight
        var svg = SVG(height: top + 140 + 44 + 140 + 34, title: "Memory and descriptors, with their slopes (dashed)")
        guard !processes.isEmpty else {
            svg.text(480, 170, "Nothing was measured.", "dim", .middle)
            return svg.document()
        }
        for (index, process) in processes.enumerated() {
            let y = 50 + Double(index) * 20
            svg.rect(20, y - 9, 10, 10, "f\(index)")
            svg.text(36, y, Self.legend(process), "dim")
        }
        let span = max(self.report.run.seconds, 0.1)
        let memory = processes.flatMap { $0.samples.flatMap { [$0.resident, $0.inUse ?? $0.resident] } }.map(
            Self.mebibytes
        )
        let descriptors = processes.flatMap { $0.samples.map { Double($0.descriptors) } }
        let upper = Axes(
            left: 70,
            top: top,
            width: 870,
            height: 140,
            x: 0...span,
            y: Axes.around(memory.min() ?? 0, memory.max() ?? 0)
        )
        let lower = Axes(
            left: 70,
            top: upper.bottom + 44,
            width: 870,
            height: 140,
            x: 0...span,
            y: Axes.upTo(descriptors.max() ?? 0)
        )
        upper.drawY(&svg, name: "resident memory of its own, and what of it is allocated (thin), MiB")
        lower.drawY(&svg, name: "descriptors")
        for (index, process) in processes.enumerated() {
            let times = process.samples.map { Double($0.us) / 1_000_000 }
            let ends = [times.first ?? 0, times.last ?? 0]
            Self.draw(&svg, upper, times, process.samples.map { Self.mebibytes($0.resident) }, "s s\(index)")
            let inUse = process.samples.compactMap(\.inUse).map(Self.mebibytes)
            if inUse.count == times.count { Self.draw(&svg, upper, times, inUse, "s s\(index) thin") }
            Self.draw(&svg, lower, times, process.samples.map { Double($0.descriptors) }, "s s\(index)")
            for line in [process.memoryLine, process.inUseLine].compactMap({ $0 }) {
                Self.draw(&svg, upper, ends, line.map { $0 / Self.mebibyte }, "s fit")
            }
            if let line = process.descriptorLine { Self.draw(&svg, lower, ends, line, "s fit") }
        }
        upper.drawTime(&svg, labels: false)
        lower.drawTime(&svg)
        return svg.document()
    }

    private static func mebibytes(_ bytes: Int) -> Double { Double(bytes) / Self.mebibyte }

    private static func draw(_ svg: inout SVG, _ axes: Axes, _ x: [Double], _ y: [Double], _ kind: String) {
        svg.path(zip(x, y).map { (axes.px($0), axes.py($1)) }, kind)
    }

    private static func legend(_ process: SoakReport.Process) -> String {
        func slope(_ value: Double?, _ unit: String) -> String {
            switch value {
            case nil: "not enough for a slope"
            case 0: "no slope beyond noise"
            case let value?: "\(value > 0 ? "+" : "")\(Axes.short(value)) \(unit)/h"
            }
        }
        let memory = Text.decimal(Self.mebibytes(process.maxResident), 1)
        let inUse = process.inUseLine == nil ? "" : " (allocated: \(slope(process.inUsePerHour, "MB")))"
        return "\(process.name.prefix(32)): at most \(memory) MiB, \(slope(process.megabytesPerHour, "MB"))\(inUse); "
            + "at most \(process.maxDescriptors) descriptors, \(slope(process.descriptorsPerHour, ""))"
    }
}
