// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import Testing

struct PlotTests {
    private struct Label {
        let text: String
        let left: Double
        let right: Double
        let baseline: Double
    }

    /// The labels of a drawing, as wide as the widest letters make them.
    private func labels(_ svg: String) throws -> [Label] {
        let pattern = #/<text x="([-\d.]+)" y="([-\d.]+)" class="([a-z ]+)"(?: text-anchor="([a-z]+)")?>([^<]*)</text>/#
        return try svg.matches(of: pattern).map { match in
            let x = try #require(Double(match.output.1))
            let text = String(match.output.5).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
                .replacing("&amp;", with: "&")
            let width = Double(text.count) * (match.output.3.contains("head") ? 8.5 : 6.8)
            let left = match.output.4 == "end" ? x - width : match.output.4 == "middle" ? x - width / 2 : x
            return Label(text: text, left: left, right: left + width, baseline: try #require(Double(match.output.2)))
        }
    }

    private func expectReadable(_ svg: String, _ name: String) throws {
        let labels = try self.labels(svg)
        #expect(labels.count == svg.matches(of: #/<text /#).count)
        for (index, one) in labels.enumerated() {
            #expect(one.left >= -1 && one.right <= 961, "\(name): \(one.text) is outside")
            for other in labels[(index + 1)...] where abs(one.baseline - other.baseline) < 11 {
                let isApart = one.right <= other.left || other.right <= one.left
                #expect(isApart, "\(name): \(one.text) and \(other.text)")
            }
        }
    }

    @Test("No label stands on another, whatever the run was", arguments: 0..<4)
    func overlap(which: Int) throws {
        let lines =
            switch which {
            case 0: GoodHistory.lines(seed: 1)
            case 1: ReportTests.nasty
            case 2: [HistoryLine(us: 0, .finished)]
            default: Array(GoodHistory.lines(seed: 4).prefix(30))
            }
        for (name, text) in try ReportFiles.contents(of: lines.judged()) where name.hasSuffix(".svg") {
            try self.expectReadable(text, name)
        }
    }

    @Test(
        "The timeline has a band for each fault in each of its parts, and the herd a bar for each hundredth that is not empty"
    )
    func marks() throws {
        let report = GoodHistory.lines(seed: 1).judged()
        let files = try ReportFiles.contents(of: report)
        let timeline = try #require(files["timeline.svg"])
        // Two faults, two parts.
        #expect(timeline.matches(of: #/class="band"/#).count == 2 * 2)
        #expect(timeline.contains(">tcp.rst<") && timeline.contains(">srv.restart<"))
        let bars = try #require(report.herd).arrivals.count { $0 > 0 }
        #expect(files["herd.svg"]?.matches(of: #/class="bar"/#).count == bars)
        #expect(files["recovery.svg"]?.contains(">srv.restart<") == true)
    }
}
