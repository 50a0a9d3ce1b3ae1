// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import FreshetCLI

struct FormatTests {
    @Test("Instants are in UTC, with milliseconds")
    func instants() {
        let date = Date(timeIntervalSince1970: 1_769_860_801.25)
        #expect(Format.instant(date) == "2026-01-31T12:00:01.250Z")
        #expect(Format.time(date) == "12:00:01.250Z")
        #expect(Format.instant(Date(timeIntervalSince1970: 0)) == "1970-01-01T00:00:00.000Z")
    }

    @Test(
        "Durations are written for people",
        arguments: [
            (0, "0 ms"), (1, "1 ms"), (812, "812 ms"), (999, "999 ms"), (1000, "1.0 s"), (2210, "2.2 s"),
            (59_999, "59.9 s"), (60_000, "1m0s"), (252_000, "4m12s"), (3_599_999, "59m59s"), (7_265_000, "121m5s"),
        ]
    )
    func durations(milliseconds: Int, text: String) {
        #expect(Format.duration(.milliseconds(milliseconds)) == text)
    }

    @Test("Milliseconds are whole and cut, not rounded")
    func milliseconds() {
        #expect(Format.milliseconds(.microseconds(1999)) == 1)
        #expect(Format.milliseconds(.seconds(90) + .milliseconds(5)) == 90_005)
        #expect(Format.milliseconds(.nanoseconds(1)) == 0)
    }

    @Test(
        "Quoted text is a JSON string",
        arguments: [
            ("", #""""#), ("a/b", #""a/b""#), (#"a"b\c"#, #""a\"b\\c""#), ("a\nb\t", #""a\nb\t""#), ("é€😀", #""é€😀""#),
            ("\u{1B}[2J\0", #""\u001b[2J\u0000""#),
        ]
    )
    func quoted(_ text: String, _ json: String) throws {
        #expect(Format.quoted(text).lowercased() == json.lowercased())
        #expect(try JSONDecoder().decode(String.self, from: Data(Format.quoted(text).utf8)) == text)
    }
}
