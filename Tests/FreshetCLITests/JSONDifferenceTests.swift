// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetCLI

@Suite struct JSONDifferenceTests {
    @Test("Each place that differs is named, with what was there and what is")
    func places() {
        let old: JSONValue = ["status": ["phase": "Pending", "ready": false], "gone": 1, "list": [1, 2]]
        let new: JSONValue = ["status": ["phase": "Running", "ready": false], "new": nil, "list": [1, 3, 4]]
        #expect(
            JSONDifference.words(from: old, to: new) == [
                "-.gone 1", ".list[1] 2→3", "+.list[2] 4", "+.new null", #".status.phase "Pending"→"Running""#,
            ]
        )
    }

    @Test("Values of other types differ as wholes; equal ones have nothing to say")
    func wholes() {
        #expect(JSONDifference.words(from: 1, to: "1") == [#". 1→"1""#])
        #expect(JSONDifference.words(from: ["a": 1], to: ["a": 1]) == [])
        #expect(JSONDifference.words(from: ["a": [1]], to: ["a": ["b": 1]]) == [#".a [1]→{"b":1}"#])
    }

    @Test("Many places are counted, long values are cut, and nothing steers the terminal")
    func bounded() {
        let many = JSONValue.object(Dictionary(uniqueKeysWithValues: (10..<30).map { ("k\($0)", .integer(1)) }))
        let words = JSONDifference.words(from: [:], to: many)
        #expect(words.count == JSONDifference.limit + 1)
        #expect(words.last == "+12 more")
        let long = JSONDifference.words(from: "a", to: .string(String(repeating: "x", count: 500)))
        #expect(long[0].count < 80)
        #expect(!JSONDifference.words(from: "a", to: "\u{9B}31m")[0].unicodeScalars.contains("\u{9B}"))
    }
}
