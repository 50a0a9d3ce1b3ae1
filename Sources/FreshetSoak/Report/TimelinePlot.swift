// SPDX-License-Identifier: Apache-2.0

/// The run over time: what clients do, how many elements come, and the faults behind both.
struct TimelinePlot {
    let report: SoakReport

    private static let lanes = 5
    private static let laneHeight = 16.0

    func document() -> String {
        let (labels, unlabelled) = self.labels()
        let lanes = Double((labels.map(\.lane).max() ?? -1) + 1)
        let top = 64 + lanes * Self.laneHeight + 28
        var svg = SVG(height: top + 140 + 44 + 140 + 34, title: "Timeline")
        svg.legend(
            20,
            50,
            [
                ("live", "live"), ("polling", "polling"), ("away", "connecting or waiting"), ("failed", "failed"),
                ("strip", "fault"), ("gap", "gap told"),
            ]
        )
        if unlabelled > 0 {
            svg.text(940, 26, "\(unlabelled) faults without a label: see the table", "dim", .end)
        }
        let parts = self.report.timeline.parts
        let width = self.report.timeline.secondsPerPart
        let span = self.span
        let most = parts.map { $0.live + $0.away + $0.polling + $0.failed }.max() ?? 0
        let clients = Axes(left: 70, top: top, width: 870, height: 140, x: 0...span, y: Axes.upTo(most))
        let rates = parts.enumerated().map { index, part in
            // The last part may be shorter than the others.
            part.elements / min(width, max(span - Double(index) * width, width / 10))
        }
        let elements = Axes(
            left: 70,
            top: clients.bottom + 44,
            width: 870,
            height: 140,
            x: 0...span,
            y: Axes.upTo(rates.max() ?? 0)
        )
        clients.drawY(&svg, name: "clients")
        elements.drawY(&svg, name: "elements a second")
        self.stack(&svg, clients, parts, width)
        self.bands(&svg, clients, elements, labels)
        svg.path(Self.steps(rates, width, elements, span), "s s0")
        for (index, part) in parts.enumerated() where part.gaps > 0 {
            let x = elements.px((Double(index) + 0.5) * width)
            svg.path(
                [(x - 4, elements.bottom), (x + 4, elements.bottom), (x, elements.bottom - 8)],
                "gap",
                isClosed: true
            )
        }
        clients.drawTime(&svg, labels: false)
        elements.drawTime(&svg)
        return svg.document()
    }

    private var span: Double { max(self.report.run.seconds, 0.1) }

    private func stack(_ svg: inout SVG, _ axes: Axes, _ parts: [Timeline.Part], _ width: Double) {
        var below = [Double](repeating: 0, count: parts.count)
        let kinds: [(String, KeyPath<Timeline.Part, Double>)] = [
            ("live", \.live), ("polling", \.polling), ("away", \.away), ("failed", \.failed),
        ]
        for (kind, path) in kinds {
            let above = zip(below, parts).map { $0 + $1[keyPath: path] }
            if above != below {
                let points =
                    Self.steps(above, width, axes, self.span) + Self.steps(below, width, axes, self.span).reversed()
                svg.path(points, kind, isClosed: true)
            }
            below = above
        }
    }

    private static func steps(_ values: [Double], _ width: Double, _ axes: Axes, _ span: Double) -> [(Double, Double)] {
        values.enumerated().flatMap { index, value in
            let (from, to) = (Double(index) * width, min(Double(index + 1) * width, span))
            return [(axes.px(from), axes.py(value)), (axes.px(to), axes.py(value))]
        }
    }

    private struct Label {
        let text: String
        /// Where it begins.
        let x: Double
        /// Where its fault begins.
        let at: Double
        let lane: Int
    }

    /// Each label in the first row where it has room; those that have none are counted.
    private func labels() -> (labels: [Label], unlabelled: Int) {
        var ends = [Double](repeating: 0, count: Self.lanes)
        var labels: [Label] = []
        var unlabelled = 0
        for band in self.report.bands {
            let at = 70 + Double(band.began) / 1_000_000 / self.span * 870
            let length = SVG.length(of: band.id)
            let x = max(min(at, 944 - length), 0)
            if let lane = ends.firstIndex(where: { $0 + 10 <= x }) {
                ends[lane] = x + length
                labels.append(Label(text: band.id, x: x, at: at, lane: lane))
            } else {
                unlabelled += 1
            }
        }
        return (labels, unlabelled)
    }

    private func bands(_ svg: inout SVG, _ clients: Axes, _ elements: Axes, _ labels: [Label]) {
        for band in self.report.bands {
            let from = clients.px(Double(band.began) / 1_000_000)
            let to = clients.px(Double(band.ended ?? Int(self.span * 1_000_000)) / 1_000_000)
            svg.rect(from, clients.top - 5, max(to - from, 1.5), 5, "strip")
            svg.rect(from, clients.top, max(to - from, 1.5), clients.height, "band")
            svg.rect(from, elements.top, max(to - from, 1.5), elements.height, "band")
        }
        let lanes = Double((labels.map(\.lane).max() ?? 0) + 1)
        for label in labels {
            let y = 64 + (lanes - Double(label.lane)) * Self.laneHeight
            svg.text(label.x, y, label.text, "ink")
            // Down from the row to the plot, unless another label is in the way.
            let isFree = labels.allSatisfy { other in
                other.lane >= label.lane || label.at < other.x - 3
                    || label.at > other.x + SVG.length(of: other.text) + 3
            }
            if isFree { svg.line(label.at, y + 4, label.at, clients.top, "edge") }
        }
    }
}
