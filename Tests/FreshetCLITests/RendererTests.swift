// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetGraphQL
import Testing

@testable import FreshetCLI

struct RendererTests {
    /// 2026-01-31T12:00:01.250Z
    private static let now = Date(timeIntervalSince1970: 1_769_860_801.25)
    private static let whole = #"{ "data": {"tick": {"price": 1.50, "s": "a b"}} }"#
    private static let partial = #"{"errors":[ {"message":"no"} ],"data":{"tick":null}}"#
    private static let failed = #"{"errors": [{"message": "no"}]}"#
    private static let gap = Gap(cause: .unknown, reason: #"code 1012: "restart""#, outage: .milliseconds(2210))

    private func renderer(_ format: OutputFormat, color: Bool = false, terminal: Bool = false) -> Renderer {
        Renderer(format: format, source: "h:1/g", color: color, terminal: terminal)
    }

    private func data(_ json: String, _ renderer: Renderer) throws -> String? {
        let payload = try GraphQLPayload(Bytes(copying: json.utf8))
        return renderer.data(payload, at: Self.now).map { String(decoding: $0, as: UTF8.self) }
    }

    private func text(_ record: [UInt8]?) -> String? { record.map { String(decoding: $0, as: UTF8.self) } }

    // MARK: - Data

    @Test("raw: the payload as it came, on one line")
    func raw() throws {
        let renderer = renderer(.raw)
        #expect(try data(Self.whole, renderer) == #"{"data":{"tick":{"price":1.50,"s":"a b"}}}"# + "\n")
        #expect(try data(Self.partial, renderer) == #"{"errors":[{"message":"no"}],"data":{"tick":null}}"# + "\n")
        #expect(try data(Self.failed, renderer) == #"{"errors":[{"message":"no"}]}"# + "\n")
    }

    @Test("json: the data indented, or everything where there are errors")
    func json() throws {
        let renderer = renderer(.json)
        #expect(
            try data(Self.whole, renderer) == """
                {
                  "tick": {
                    "price": 1.50,
                    "s": "a b"
                  }
                }

                """
        )
        #expect(
            try data(Self.failed, renderer) == """
                {
                  "errors": [
                    {
                      "message": "no"
                    }
                  ]
                }

                """
        )
        #expect(try data("{}", renderer) == "null\n")
    }

    @Test("jsonl: one self-describing object a line, errors beside the data, absent data as null")
    func jsonl() throws {
        let renderer = renderer(.jsonl)
        let head = #"{"v":1,"kind":"data","ts":"2026-01-31T12:00:01.250Z","src":"h:1/g","data":"#
        #expect(try data(Self.whole, renderer) == head + #"{"tick":{"price":1.50,"s":"a b"}}}"# + "\n")
        #expect(try data(Self.partial, renderer) == head + #"{"tick":null},"errors":[{"message":"no"}]}"# + "\n")
        #expect(try data(Self.failed, renderer) == head + #"null,"errors":[{"message":"no"}]}"# + "\n")
        #expect(try data("{}", renderer) == head + "null}\n")
    }

    @Test("log and auto: the time and the data", arguments: [OutputFormat.log, .auto], [false, true])
    func log(_ format: OutputFormat, terminal: Bool) throws {
        let renderer = renderer(format, terminal: terminal)
        #expect(try data(Self.whole, renderer) == #"12:00:01.250Z {"tick":{"price":1.50,"s":"a b"}}"# + "\n")
        #expect(
            try data(Self.partial, renderer) == #"12:00:01.250Z {"tick":null} errors=[{"message":"no"}]"# + "\n"
        )
        #expect(try data(Self.failed, renderer) == #"12:00:01.250Z null errors=[{"message":"no"}]"# + "\n")
    }

    @Test("Colour is about the data, never in it")
    func color() throws {
        #expect(
            try data(Self.failed, renderer(.log, color: true))
                == "\u{1B}[2m12:00:01.250Z\u{1B}[0m null\u{1B}[31m errors=\u{1B}[0m[{\"message\":\"no\"}]\n"
        )
        for format in [OutputFormat.jsonl, .json, .raw] {
            let renderer = renderer(format, color: true, terminal: true)
            #expect(try data(Self.failed, renderer)?.contains("\u{1B}") == false)
            #expect(text(renderer.gap(Self.gap, at: Self.now))?.contains("\u{1B}") != true)
        }
    }

    @Test("Numbers and keys are printed as the server wrote them")
    func untouched() throws {
        let json = #"{"data":{"z":1.10,"a":12345678901234567890123,"m":1E+2,"e":"\u00e9\/"}}"#
        #expect(try data(json, renderer(.raw)) == json + "\n")
    }

    @Test("Whatever came is one line", arguments: [OutputFormat.raw, .jsonl, .log, .auto])
    func oneLine(_ format: OutputFormat) throws {
        let json = "{\n\"data\"\r\n:\n{\"a\":\n[1,\n2],\"b\":\"x\\ny\"}\n,\"errors\":\n[\n{\"message\":\"no\"}]}"
        let line = try #require(try data(json, renderer(format)))
        #expect(line.hasSuffix("\n"))
        #expect(line.utf8.count { $0 == 0x0A || $0 == 0x0D } == 1)
    }

    // MARK: - Gaps and the end

    @Test("raw tells no gaps")
    func rawGap() {
        #expect(renderer(.raw, terminal: true).gap(Self.gap, at: Self.now) == nil)
    }

    @Test("jsonl and json tell gaps as records, in which what is unknown is null")
    func recordGap() {
        let record =
            #"{"v":1,"kind":"gap","ts":"2026-01-31T12:00:01.250Z","src":"h:1/g","cause":"unknown","from":null,"to":null,"#
            + #""recovered_by":null,"lost":null,"outage_ms":2210,"reason":"code 1012: \"restart\""}"#
        #expect(text(renderer(.jsonl).gap(Self.gap, at: Self.now)) == record + "\n")
        #expect(
            text(renderer(.json).gap(Self.gap, at: Self.now)) == """
                {
                  "v": 1,
                  "kind": "gap",
                  "ts": "2026-01-31T12:00:01.250Z",
                  "src": "h:1/g",
                  "cause": "unknown",
                  "from": null,
                  "to": null,
                  "recovered_by": null,
                  "lost": null,
                  "outage_ms": 2210,
                  "reason": "code 1012: \\"restart\\""
                }

                """
        )
    }

    @Test(
        "log and auto draw gaps on a terminal, and write a line to grep elsewhere",
        arguments: [OutputFormat.log, .auto]
    )
    func logGap(_ format: OutputFormat) {
        #expect(
            text(renderer(format).gap(Self.gap, at: Self.now))
                == #"12:00:01.250Z GAP cause=unknown lost=unknown outage=2210ms reason="code 1012: \"restart\"""# + "\n"
        )
        let drawn = #"── gap 2.2 s · code 1012: "restart" · what was missed is unknown ──"#
        #expect(text(renderer(format, terminal: true).gap(Self.gap, at: Self.now)) == drawn + "\n")
        #expect(
            text(renderer(format, color: true, terminal: true).gap(Self.gap, at: Self.now))
                == "\u{1B}[33m\(drawn)\u{1B}[0m\n"
        )
    }

    @Test(
        "A server's words cannot break the line or steer the terminal",
        arguments: [OutputFormat.auto, .log, .jsonl],
        [false, true]
    )
    func hostileReason(_ format: OutputFormat, terminal: Bool) throws {
        let gap = Gap(cause: .unknown, reason: "a\u{1B}]0;x\u{7}\u{1B}[2Jb\r\nc", outage: .seconds(1))
        let line = try #require(text(renderer(format, terminal: terminal).gap(gap, at: Self.now)))
        #expect(line.last == "\n")
        #expect(!line.dropLast().unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
    }

    @Test("Only jsonl tells the end")
    func end() {
        var summary = WatchSummary(received: 412, reconnects: 2, gaps: 1, code: 0, why: "count")
        let head = #"{"v":1,"kind":"end","ts":"2026-01-31T12:00:01.250Z","#
        #expect(
            text(renderer(.jsonl).end(summary, at: Self.now))
                == head + #""code":0,"why":"count","received":412,"reconnects":2,"gaps":1}"# + "\n"
        )
        summary.code = 3
        summary.why = "error"
        summary.error = #"no "route""#
        #expect(
            text(renderer(.jsonl).end(summary, at: Self.now))
                == head
                + #""code":3,"why":"error","received":412,"reconnects":2,"gaps":1,"error":"no \"route\""}"# + "\n"
        )
        for format in OutputFormat.allCases where format != .jsonl {
            #expect(renderer(format).end(summary, at: Self.now) == nil)
        }
    }

    @Test("What is known to be lost is said")
    func counted() {
        let gap = Gap(cause: .overflow, count: 17, reason: "too slow", outage: .zero)
        #expect(text(renderer(.jsonl).gap(gap, at: Self.now))?.contains(#""lost":17,"#) == true)
        #expect(text(renderer(.log).gap(gap, at: Self.now))?.contains("cause=overflow lost=17 ") == true)
        #expect(text(renderer(.log, terminal: true).gap(gap, at: Self.now))?.contains("17 missed") == true)
    }
}
