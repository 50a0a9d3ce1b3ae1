// SPDX-License-Identifier: Apache-2.0

/// `index.html`: everything on one page that needs nothing else.
struct Page {
    let report: SoakReport
    let plots: [(name: String, svg: String)]

    func document() -> String {
        let run = self.report.run
        let state = self.report.passed ? "pass" : "fail"
        var body = "<h1>Freshet soak <span class=\"verdict \(state)\">\(state.uppercased())</span></h1>\n"
        body += "<p class=\"headline\">\(Text.escaped(self.report.headline))</p>\n"
        body += "<p>\(run.clients) \(run.clients == 1 ? "client" : "clients") for \(Text.seconds(run.seconds)) · mode "
        body += "\(Text.escaped(run.mode)) · seed \(run.seed) · begun \(Text.escaped(run.began))</p>\n"
        if let line = run.reproduction {
            body += "<p>Do it again:</p><pre>\(Text.escaped(line))</pre>\n"
        }
        body += self.breaches
        if !self.report.requirements.isEmpty {
            let rows = self.report.requirements.map { one in
                [one.text, SoakReport.actual(one), one.isMet ? "met" : "not met"]
            }
            body += "<h2>Requirements</h2>\n" + Self.table(["requirement", "came to", ""], rows)
        }
        body += "<h2>Figures</h2>\n<div class=\"side\">"
        body += Self.table(["", ""], self.report.figureRows.map { [$0.0, $0.1] })
        let invariants = self.report.invariants.map {
            [$0.name, $0.sentence, $0.breaches == 0 ? "holds" : "broken \($0.breaches)×"]
        }
        body += Self.table(["invariant", "", ""], invariants) + "</div>\n"
        for plot in self.plots { body += "<figure>\(plot.svg)</figure>\n" }
        if !self.report.faults.isEmpty {
            body += "<h2>Faults</h2>\n<p>Times are p50 · p99 · max.</p>\n"
            body += Self.table(SoakReport.faultHeader, self.report.faultRows)
        }
        body += "<p>Made of <code>history.jsonl</code>; <code>freshet soak verify</code> judges that again.</p>\n"
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark"><title>Freshet soak: \(state)</title>
            <style>\(Self.style)</style></head><body>
            \(body)</body></html>

            """
    }

    private var breaches: String {
        guard self.report.breachCount > 0 else { return "" }
        var text = "<h2>Breaches</h2>\n<ul class=\"breaches\">\n"
        for breach in self.report.breaches {
            text += "<li><b>\(breach.invariant.rawValue)</b> \(Text.escaped(breach.message)) "
            text += "<span>\(Text.escaped(SoakReport.place(breach)))</span></li>\n"
        }
        if self.report.unlisted > 0 { text += "<li>and \(Text.count(self.report.unlisted)) more</li>\n" }
        return text + "</ul>\n"
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        var text = "<div class=\"wide\"><table>"
        if header.contains(where: { !$0.isEmpty }) {
            text += "<tr>" + header.map { "<th>\(Text.escaped($0))</th>" }.joined() + "</tr>"
        }
        for row in rows {
            text += "<tr>" + row.map { "<td\(Self.mark($0))>\(Text.escaped($0))</td>" }.joined() + "</tr>\n"
        }
        return text + "</table></div>\n"
    }

    private static func mark(_ text: String) -> String {
        switch text {
        case "met", "holds", "as expected": " class=\"good\""
        case "not met": " class=\"bad\""
        case _ where text.hasPrefix("broken ") || text.hasSuffix(" not back"): " class=\"bad\""
        default: ""
        }
    }

    private static let style = """
        :root{color-scheme:light dark;--bg:#ffffff;--ink:#1f2328;--dim:#59636e;--line:#d8dee4;--good:#1a7f37;--bad:#cf222e}
        @media (prefers-color-scheme:dark){:root{--bg:#0d1117;--ink:#e6edf3;--dim:#9da7b3;--line:#2a313a;--good:#56d364;--bad:#ff7b72}}
        body{background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;
        max-width:1000px;margin:32px auto;padding:0 20px}h1{font-size:26px}h2{font-size:19px;margin-top:32px}
        .headline,pre,code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:13.5px}pre{white-space:pre-wrap;
        border:1px solid var(--line);border-radius:6px;padding:10px}.verdict{border-radius:6px;padding:2px 12px;color:#ffffff}
        .pass{background:#1a7f37}.fail{background:#cf222e}table{border-collapse:collapse;font-size:13.5px}
        th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
        th,.breaches span{color:var(--dim);font-weight:500}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
        .side{display:flex;flex-wrap:wrap;gap:32px;align-items:flex-start}.wide{overflow-x:auto}
        figure{margin:24px 0;border:1px solid var(--line);border-radius:6px;overflow:hidden}
        figure svg{display:block;width:100%;height:auto}
        """
}
