// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetGraphQL

/// What goes to stdout for each event: pure, apart from consuming.
struct Renderer {
    let format: OutputFormat
    /// Where the data comes from, as in `127.0.0.1:4000/graphql`.
    let source: String
    let color: Bool
    /// Whether a person reads along: then a gap is drawn across the screen.
    let terminal: Bool

    /// One record, newline and all; nil for what this format does not print.
    func data(_ payload: GraphQLPayload, at now: Date) -> [UInt8]? {
        let data = payload.data?.array ?? Array("null".utf8)
        let errors = payload.errors.map { JSONText.compact($0.array) }
        switch self.format {
        case .raw:
            return JSONText.compact(payload.json.array) + [0x0A]
        case .json:
            return JSONText.escapingControls(JSONText.indented(errors == nil ? data : payload.json.array)) + [0x0A]
        case .jsonl:
            let head =
                #"{"v":1,"kind":"data","ts":"\#(Format.instant(now))","src":\#(Format.quoted(self.source)),"data":"#
            let tail = errors.map { Array(#","errors":"#.utf8) + $0 } ?? []
            return Array(head.utf8) + JSONText.compact(data) + tail + Array("}\n".utf8)
        case .auto, .log:
            let tail = errors.map { Array(self.paint(" errors=", .red).utf8) + JSONText.escapingControls($0) } ?? []
            let shown = JSONText.escapingControls(JSONText.compact(data))
            return Array(self.paint(Format.time(now), .dim).utf8) + [0x20] + shown + tail + [0x0A]
        }
    }

    func gap(_ gap: Gap, at now: Date) -> [UInt8]? {
        let count = gap.count.map(String.init)
        switch self.format {
        case .raw:
            return nil
        case .jsonl, .json:
            let record =
                #"{"v":1,"kind":"gap","ts":"\#(Format.instant(now))","src":\#(Format.quoted(self.source)),"#
                + #""cause":"\#(gap.cause.rawValue)","from":null,"to":null,"recovered_by":null,"lost":\#(count ?? "null"),"#
                + #""outage_ms":\#(Format.milliseconds(gap.outage)),"reason":\#(Format.quoted(gap.reason))}"#
            return (self.format == .json ? JSONText.indented(record.utf8) : Array(record.utf8)) + [0x0A]
        case .auto where self.terminal, .log where self.terminal:
            let reason = Format.printable(gap.reason)
            let missed = count.map { "\($0) missed" } ?? "what was missed is unknown"
            let text = "── gap \(Format.duration(gap.outage)) · \(reason) · \(missed) ──"
            return Array((self.paint(text, .yellow) + "\n").utf8)
        case .auto, .log:
            let text =
                "\(Format.time(now)) GAP cause=\(gap.cause.rawValue) lost=\(count ?? "unknown") "
                + "outage=\(Format.milliseconds(gap.outage))ms reason=\(Format.quoted(gap.reason))\n"
            return Array(text.utf8)
        }
    }

    /// The last record; only `jsonl` has one.
    func end(_ summary: WatchSummary, at now: Date) -> [UInt8]? {
        guard self.format == .jsonl else { return nil }
        let error = summary.error.map { #","error":\#(Format.quoted($0))"# } ?? ""
        return Array(
            (#"{"v":1,"kind":"end","ts":"\#(Format.instant(now))","code":\#(summary.code),"why":"\#(summary.why)","#
                + #""received":\#(summary.received),"reconnects":\#(summary.reconnects),"gaps":\#(summary.gaps)\#(error)}"#
                + "\n").utf8
        )
    }

    private enum Paint: String {
        case red = "31"
        case yellow = "33"
        case dim = "2"
    }

    private func paint(_ text: String, _ paint: Paint) -> String {
        self.color ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
    }
}
