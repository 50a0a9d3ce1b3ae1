// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetHTTP

@Suite struct LineSplitterTests {
    /// All lines of a text that comes in pieces that end at `cuts`.
    static func lines(
        _ text: String,
        cuts: [Int],
        limit: Int = 1000,
        endsAtReturn: Bool = false
    ) throws(FreshetError) -> [String] {
        let bytes = Array(text.utf8)
        var splitter = LineSplitter(limit: limit, endsAtReturn: endsAtReturn)
        var lines: [String] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            lines += try splitter.lines(in: Bytes(copying: bytes[start..<cut])).map(\.text)
            start = cut
        }
        return lines + (splitter.end().map { [$0.text] } ?? [])
    }

    private static let mixed = "one\ntwo\r\n\r\n\nth\rree\r\r\nlast"

    @Test("LF and CRLF end a line; the pieces make no difference")
    func everySplit() throws {
        let expected = ["one", "two", "", "", "th\rree\r", "last"]
        let size = Self.mixed.utf8.count
        for first in 0...size {
            for second in first...size {
                #expect(try Self.lines(Self.mixed, cuts: [first, second]) == expected, "\(first), \(second)")
            }
        }
        #expect(try Self.lines(Self.mixed, cuts: Array(1..<size)) == expected)
    }

    @Test("For server-sent events a lone CR ends a line too")
    func returns() throws {
        let expected = ["one", "two", "", "", "th", "ree", "", "last"]
        let size = Self.mixed.utf8.count
        for first in 0...size {
            for second in first...size {
                #expect(
                    try Self.lines(Self.mixed, cuts: [first, second], endsAtReturn: true) == expected,
                    "\(first), \(second)"
                )
            }
        }
    }

    @Test("After the last break there is a line only if there is something")
    func ends() throws {
        #expect(try Self.lines("", cuts: []) == [])
        #expect(try Self.lines("a\n", cuts: []) == ["a"])
        #expect(try Self.lines("\n", cuts: []) == [""])
        #expect(try Self.lines("a\r", cuts: []) == ["a"])
    }

    @Test("A line of the limit passes at every split, a longer one at none", arguments: ["\n", "\r\n"])
    func limit(_ lineBreak: String) throws {
        let exact = "12345\(lineBreak)67890\(lineBreak)"
        for cut in 0...exact.utf8.count {
            #expect(try Self.lines(exact, cuts: [cut], limit: 5) == ["12345", "67890"], "\(cut)")
        }
        let long = "12345\(lineBreak)678901\(lineBreak)"
        for cut in 0...long.utf8.count {
            let error = #expect(throws: FreshetError.self) { _ = try Self.lines(long, cuts: [cut], limit: 5) }
            #expect(error?.kind == .messageTooLarge)
        }
        // Without an end as well.
        let error = #expect(throws: FreshetError.self) { _ = try Self.lines("123456", cuts: [], limit: 5) }
        #expect(error?.kind == .messageTooLarge)
    }
}
