// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetSoak
import Testing

struct ReportTests {
    /// One fault that takes four clients away, at times that are easily added up.
    private static let golden: [HistoryLine] = {
        var lines = [HistoryLine(us: 0, .run(facts: RunFacts(seed: 7, mode: "local", began: "2026-01-31T12:00:00Z")))]
        func say(_ ms: Int, _ event: HistoryEvent) { lines.append(HistoryLine(us: ms * 1000, event)) }
        for client in 0..<4 {
            say(0, .client(client: client))
            say(0, .opened(client: client, socket: client))
            say(0, .state(client: client, phase: .live))
            say(0, .stream(client: client, stream: 0, source: "s", promise: .gapless))
            say(0, .subscribed(client: client, stream: 0, after: 0))
        }
        say(100, .published(source: "s", key: "a", n: 1, k: 1))
        for client in 0..<4 { say(110, .element(client: client, stream: 0, n: 1, key: "a", k: 1)) }
        say(1000, .faultBegan(number: 1, id: "tcp.refused"))
        for client in 0..<4 {
            say(1050, .closed(client: client, socket: client))
            say(1050 + client * 10, .state(client: client, phase: .waiting, attempt: 1, error: "closed(1006)"))
        }
        say(1500, .published(source: "s", key: "a", n: 2, k: 2))
        say(2000, .faultEnded(number: 1))
        for (client, ms) in [(0, 2250), (1, 2260), (2, 2270), (3, 2600)] {
            say(ms, .state(client: client, phase: .connecting, attempt: 2))
            say(ms, .opened(client: client, socket: 10 + client))
            say(ms, .state(client: client, phase: .live))
            say(ms, .subscribed(client: client, stream: 0, after: 1))
        }
        for client in 0..<4 { say(3000 + client * 100, .element(client: client, stream: 0, n: 2, key: "a", k: 2)) }
        say(8000, .settled)
        say(10_000, .finished)
        return lines
    }()

    /// Equal to what a distribution is exact to.
    private func isNear(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) <= expected * 0.017 } ?? false
    }

    @Test("The figures of a known history")
    func figures() throws {
        let report = Self.golden.judged()
        #expect(report.passed)
        #expect(report.tally.sent == 2 && report.tally.delivered == 8)
        let fault = try #require(report.faults.first)
        #expect(report.faults.count == 1)
        #expect(fault.id == "tcp.refused" && fault.injected == 1 && fault.affected == 4 && fault.away == 0)
        #expect(fault.detect?.count == 4 && fault.detect?.max == 0.08)
        #expect(self.isNear(fault.detect?.p50, 0.06))
        #expect(fault.recover?.count == 4 && fault.recover?.max == 1.3)
        #expect(self.isNear(fault.recover?.p50, 1.1))
        #expect(fault.recovery.map(\.share) == [0.25, 0.5, 0.75, 1])
        #expect(fault.attemptsPerRecovery == 1)
        let herd = try #require(report.herd)
        #expect(herd.arrivals == [0, 0, 3, 0, 0, 0, 1])
        #expect(herd.peakRatio == 3 / (4.0 / 5))
        #expect(herd.back(0.5) == 1_100_000 && herd.back(1) == 1_300_000)
        #expect(report.falseDisconnects == 0)
        #expect(self.isNear(report.latency?.p50, 0.01))
        #expect(report.elementsPerSecond == 0.8)
        #expect(report.timeline.secondsPerPart == 0.25)
        #expect(report.timeline.parts.map(\.elements).reduce(0, +) == 8)
        #expect(report.timeline.parts[2].live == 4 && report.timeline.parts[6].live == 0)
        #expect(report.bands == [FaultBand(id: "tcp.refused", number: 1, began: 1_000_000, ended: 2_000_000)])
        #expect(report.headline == "PASS 1 fault · 0 lost · 0 gaps declared · recover p99 1.3 s · seed 7")
    }

    @Test("Who has another connection and never was away was not lost")
    func replaced() throws {
        var lines = Self.golden.filter { $0.us <= 1_000_000 }
        // One answer of HTTP after another: their connections end, and others begin.
        for (ms, socket) in [(1100, 20), (1200, 30)] {
            for client in 0..<4 {
                lines.append(
                    HistoryLine(us: ms * 1000, .closed(client: client, socket: socket == 20 ? client : 20 + client))
                )
                lines.append(HistoryLine(us: ms * 1000 + 500, .opened(client: client, socket: socket + client)))
            }
        }
        lines.append(HistoryLine(us: 2_000_000, .faultEnded(number: 1)))
        lines.append(HistoryLine(us: 9_000_000, .finished))
        let report = lines.judged()
        let fault = try #require(report.faults.first)
        #expect(fault.affected == 0 && fault.away == 0 && fault.surprises == 0)
        #expect(fault.detect == nil && fault.recover == nil)
        #expect(report.falseDisconnects == 0)
    }

    @Test("A client that does not come back is counted, and one that goes without a fault")
    func away() {
        let lines = Self.golden.filter { line in
            switch line.event {
            case .element(3, _, 2, _, _): false
            default: true
            }
        }
        #expect(lines.judged().faults.first?.away == 1)
        let lost = HistoryLine(us: 9_000_000, .state(client: 0, phase: .waiting))
        #expect((Self.golden.dropLast() + [lost]).judged().falseDisconnects == 1)
    }

    @Test("Quantiles are exact to 1.6 %")
    func distribution() throws {
        var distribution = Distribution()
        for us in 1...100_000 { distribution.add(us) }
        for share in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
            let value = Double(try #require(distribution.quantile(share)))
            #expect(value >= share * 100_000 && value <= share * 100_000 * 1.016)
        }
        #expect(distribution.quantile(0) == 1)
        #expect(Distribution().quantile(0.5) == nil)
    }

    @Test("A report is read back as it was written")
    func json() throws {
        let report = GoodHistory.lines(seed: 2).judged()
        let files = try ReportFiles.contents(of: report)
        #expect(try ReportFiles.read(json: try #require(files["report.json"])) == report)
        let error = #expect(throws: FreshetError.self) { try ReportFiles.read(json: #"{"schema":2}"#) }
        #expect(error?.kind == .decoding)
    }

    @Test("The page needs nothing else, is whole, and has both colour schemes")
    func page() throws {
        let files = try ReportFiles.contents(of: Self.nasty.judged())
        let names = [
            "timeline.svg", "recovery.svg", "herd.svg", "resources.svg", "index.html", "summary.md", "junit.xml",
        ]
        #expect(Set(files.keys) == Set(names + ["report.json"]))
        let page = try #require(files["index.html"])
        for part in ["src=", "href=", "url(", "@import", "<script"] { #expect(!page.contains(part)) }
        #expect(!page.replacing("http://www.w3.org/2000/svg", with: "").contains(#/https?:/#))
        for (name, text) in files where name != "report.json" && name != "summary.md" {
            #expect(!text.contains(#/\b(nan|inf)\b/#), "\(name)")
            if name != "junit.xml" { #expect(text.contains("prefers-color-scheme:dark"), "\(name)") }
        }
        #expect(page.contains("&lt;script&gt;") && page.contains("<svg"))
        #expect(files["junit.xml"]?.contains("&lt;script&gt;") == true)
    }

    @Test("The breaches stand in the summary and in JUnit's file, with their lines")
    func breaches() throws {
        var lines = Self.golden
        lines.removeAll { if case .element(2, _, 2, _, _) = $0.event { true } else { false } }
        let report = lines.judged([try Requirement("lost==0"), try Requirement("sent==2")])
        let files = try ReportFiles.contents(of: report)
        let summary = try #require(files["summary.md"])
        #expect(summary.contains("FAIL 1 fault · 1 lost"))
        #expect(
            summary.contains("**honest-gaps**: 2 is missing after the stream was taken up again, and no gap says so")
        )
        #expect(summary.contains("| `lost==0` | 1 | **not met** |"))
        let junit = try #require(files["junit.xml"])
        let requirements = try #require(
            junit.split(separator: "\n").first { $0.contains("<testsuite name=\"requirements\"") }
        )
        #expect(requirements.contains("tests=\"2\" failures=\"1\""))
        #expect(junit.contains("client 2, stream 0, lines "))
    }

    @Test("Files are written, and a directory that cannot be is an error")
    func files() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)/out").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try ReportFiles.write(Self.golden.judged(), to: path)
        #expect(FileManager.default.fileExists(atPath: "\(path)/index.html"))
        let error = #expect(throws: FreshetError.self) {
            try ReportFiles.write(Self.golden.judged(), to: "/dev/null/x")
        }
        #expect(error?.kind == .invalidInput)
    }

    /// Many faults at once with long names, many clients, a long time, and text that wants to be HTML.
    static let nasty: [HistoryLine] = {
        let facts = RunFacts(seed: .max, mode: "<script>", began: "now", reproduction: "a & b <script>")
        var lines = [
            HistoryLine(us: 0, .run(facts: facts)), HistoryLine(us: 0, .faultBegan(number: 0, id: "<script>")),
        ]
        for (index, fault) in FaultCatalogue.all.enumerated() {
            let us = index * index * 3_000_000 + 1_000_000
            lines.append(HistoryLine(us: us, .client(client: index)))
            lines.append(HistoryLine(us: us, .state(client: index, phase: .live)))
            lines.append(HistoryLine(us: us, .faultBegan(number: index + 1, id: fault.id)))
            lines.append(HistoryLine(us: us + 1000, .state(client: index, phase: .waiting)))
            lines.append(HistoryLine(us: us + 2_000_000, .faultEnded(number: index + 1)))
            lines.append(HistoryLine(us: us + 2_000_000 + index * 10_000, .state(client: index, phase: .connecting)))
            lines.append(HistoryLine(us: us + 2_000_000 + index * 20_000, .opened(client: index, socket: 1)))
            lines.append(HistoryLine(us: us + 2_000_000 + index * 20_000, .state(client: index, phase: .live)))
            lines.append(
                HistoryLine(us: us + 2_000_000 + index * 40_000, .snapshot(client: index, stream: 0, covers: 0))
            )
            for process in 0..<6 {
                let resident = 40_000_000 * (process + 1) + index * 1_000_000
                let sample = HistoryEvent.sample(
                    process: "a process with a long name \(process)",
                    descriptors: 10 + index,
                    resident: resident
                )
                lines.append(HistoryLine(us: us + 2_500_000, sample))
            }
        }
        return lines + [HistoryLine(us: 40_000_000_000, .finished)]
    }()
}
