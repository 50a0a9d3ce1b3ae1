// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct JSONPathTests {
    private func find(_ path: JSONPath, in json: String) -> String? {
        path.find(in: Bytes(copying: Array(json.utf8)))?.text
    }

    @Test(
        "The value at the end of the path is found, not parsed",
        arguments: [
            ("a", #"{"a":1}"#, "1"), ("a", #"{ "b": {"a": 2}, "a" : "x" }"#, #""x""#),
            ("a.b", #"{"a":{"b":[1, 2]}}"#, "[1, 2]"),
            ("tick.symbol", #"{"tick":{"price":1,"symbol":"ACME"}}"#, #""ACME""#), ("a", #"{"a":null}"#, "null"),
            ("a.b.c", #"{"a":{"b":{"c":{"d":true}}}}"#, #"{"d":true}"#), ("", #"{"a":1}"#, #"{"a":1}"#),
            ("a..b", #"{"a":{"b":1}}"#, "1"),
        ] as [(String, String, String)]
    )
    func found(_ path: String, _ json: String, _ value: String) {
        #expect(find(JSONPath(path), in: json) == value)
    }

    @Test(
        "There is nothing where the path does not lead, or the text is not JSON",
        arguments: [
            ("b", #"{"a":1}"#), ("a.b", #"{"a":1}"#), ("a.b", #"{"a":[{"b":1}]}"#), ("a.b", #"{"a":null}"#),
            ("a", "[1]"),
            ("a", ""), ("a", "{"), ("a", #"{"b":1"#), ("A", #"{"a":1}"#), ("a", #"{"ab":1}"#), ("a.b", #"{"a.b":1}"#),
        ] as [(String, String)]
    )
    func nothing(_ path: String, _ json: String) {
        #expect(find(JSONPath(path), in: json) == nil)
    }

    @Test("Keys may contain dots when they are given one by one")
    func keysWithDots() {
        #expect(find(JSONPath(keys: ["a.b", "c"]), in: #"{"a.b":{"c":7}}"#) == "7")
    }

    @Test("Of a key that is there twice the first counts")
    func duplicates() {
        #expect(find("a", in: #"{"a":1,"a":2}"#) == "1")
    }

    @Test("The same path below another key")
    func below() {
        #expect(JSONPath("a.b").below("data") == "data.a.b")
        #expect(JSONPath("a.b").keys == ["a", "b"])
    }

    @Test("What is found is a part of the same bytes, not a copy")
    func notCopied() {
        let json = Bytes(copying: Array(#"{"a":{"b":"x"}}"#.utf8))
        let value = JSONPath("a.b").find(in: json)
        #expect(value?.chunk === json.chunk)
        #expect(value?.start == 10)
    }
}
