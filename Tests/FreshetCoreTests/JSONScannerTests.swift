// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct JSONScannerTests {
    private struct Pair: Equatable {
        let key: String
        let value: String

        init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// Every member, as text.
    private func scan(_ json: some Collection<UInt8>) throws(JSONScanner.Failure) -> [Pair] {
        let slice = Bytes(copying: json)
        return try slice.withBytes { bytes throws(JSONScanner.Failure) in
            var scanner = try JSONScanner(bytes)
            var pairs: [Pair] = []
            while let member = try scanner.next() {
                pairs.append(Pair(slice[member.key].text, slice[member.value].text))
            }
            return pairs
        }
    }

    private func scan(_ json: String) throws(JSONScanner.Failure) -> [Pair] { try scan(json.utf8) }

    @Test("Members are found in order, with their values as they stand")
    func members() throws {
        let json = #"{"id":"7","type":"next","n":-1.5e3,"t":true,"z":null,"payload":{"data":[1,{"a":2}]}}"#
        #expect(
            try scan(json) == [
                Pair("id", #""7""#), Pair("type", #""next""#), Pair("n", "-1.5e3"), Pair("t", "true"),
                Pair("z", "null"), Pair("payload", #"{"data":[1,{"a":2}]}"#),
            ]
        )
    }

    @Test("An empty object has no members", arguments: ["{}", " { } ", "\r\n\t{\n}\t"])
    func empty(_ json: String) throws {
        #expect(try scan(json) == [])
    }

    @Test("White space may stand wherever JSON allows it, and belongs to no value")
    func whiteSpace() throws {
        let json = " \n{ \"a\" :\t1 , \"b\"\r:\n[ 1 , 2 ] ,\"c\": \"x y\" } \t"
        #expect(try scan(json) == [Pair("a", "1"), Pair("b", "[ 1 , 2 ]"), Pair("c", #""x y""#)])
    }

    @Test("Escapes do not end a string, in keys, in values and below")
    func escapes() throws {
        let json = #"{"a\"b":"c\\","d":"\\\"}","e":["\"]","\\"],"\u0022":"é€😀"}"#
        #expect(
            try scan(json) == [
                Pair(#"a\"b"#, #""c\\""#), Pair("d", #""\\\"}""#), Pair("e", #"["\"]","\\"]"#),
                Pair(#"\u0022"#, #""é€😀""#),
            ]
        )
    }

    @Test("Brackets, commas and colons inside of strings are text")
    func punctuationInStrings() throws {
        let json = #"{"a":{"x":"}]{[,:"},"b":["}","{"],"c,:}":"{"}"#
        #expect(try scan(json) == [Pair("a", #"{"x":"}]{[,:"}"#), Pair("b", #"["}","{"]"#), Pair("c,:}", #""{""#)])
    }

    @Test("A depth of 100,000 does no harm", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func deep(open: String, close: String) throws {
        let depth = 100_000
        let value = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        #expect(try scan(#"{"a":"# + value + "}") == [Pair("a", value)])
        #expect(throws: JSONScanner.Failure.self) { try scan(#"{"a":"# + value.dropLast() + "}") }
        #expect(throws: JSONScanner.Failure.self) { try scan(#"{"a":"# + String(repeating: open, count: depth)) }
    }

    @Test("No beginning of an object is taken for the whole")
    func truncated() throws {
        let json = Array(
            #"{"id":"1\"","type":"next","payload":{"data":{"t":[1,2,{"x":"}\\"}],"n":null}},"n":-12.5, "e":[] }"#.utf8
        )
        #expect(try scan(json).count == 5)
        for length in 0..<json.count {
            #expect(throws: JSONScanner.Failure.self, "the first \(length) bytes") { try scan(json[..<length]) }
        }
    }

    @Test(
        "What comes after the object is refused",
        arguments: ["{}x", "{} {}", #"{"a":1}}"#, #"{"a":1},"#, #"{"a":1}]"#, "{}\0", "{}\u{B}"]
    )
    func garbage(_ json: String) {
        #expect(throws: JSONScanner.Failure.self) { try scan(json) }
    }

    @Test(
        "What is not an object is refused",
        arguments: ["", "  ", "[]", "1", "\"{}\"", "null", "}", "\u{FEFF}{}", "x{}"]
    )
    func notAnObject(_ json: String) {
        #expect(throws: JSONScanner.Failure.notAnObject) { try scan(json) }
    }

    @Test(
        "Broken punctuation is refused where it stands",
        arguments: [
            (#"{"a":1,}"#, 7), (#"{,"a":1}"#, 1), (#"{"a" 1}"#, 5), (#"{"a":}"#, 5), (#"{"a":1 "b":2}"#, 7),
            (#"{a:1}"#, 1), (#"{"a"::1}"#, 5), (#"{"a":1,,"b":2}"#, 7), (#"{"a":"b""c":1}"#, 8), (#"{1:2}"#, 1),
            (#"{"a":]}"#, 5),
        ]
    )
    func malformed(_ json: String, offset: Int) {
        #expect(throws: JSONScanner.Failure.malformed(offset: offset)) { try scan(json) }
    }

    @Test(
        "A control character in a string is refused",
        arguments: ["{\"a\nb\":1}", "{\"a\":\"\u{1}\"}", "{\"a\":[\"\t\"]}"]
    )
    func controlCharacters(_ json: String) {
        #expect(throws: JSONScanner.Failure.self) { try scan(json) }
    }

    @Test("A backslash as the last byte does not lead past the end")
    func lastBackslash() {
        #expect(throws: JSONScanner.Failure.malformed(offset: 3)) { try scan(#"{"\"#) }
    }

    @Test("Bytes that are not UTF-8 do no harm")
    func notText() throws {
        let json = Array(#"{"a":""#.utf8) + [0xFF, 0xC0, 0x80] + Array(#""}"#.utf8)
        #expect(try scan(json).count == 1)
    }

    @Test("Long strings end where they end, whatever stands at which place of eight in them", arguments: 0..<40)
    func longStrings(_ length: Int) throws {
        let plain = String(repeating: "x", count: length)
        for text in [plain, "\(plain)\\\"\(plain)", "\(plain)\\\\", "\(plain)é\u{7F}\u{80}€😀\(plain)"] {
            #expect(
                try scan("{\"\(text)\":\"\(text)\",\"a\":[\"\(text)\"]}") == [
                    Pair(text, "\"\(text)\""), Pair("a", "[\"\(text)\"]"),
                ]
            )
        }
        for control in ["\u{1F}", "\u{0}", "\n"] {
            #expect(throws: JSONScanner.Failure.self) { try scan("{\"a\":\"\(plain)\(control)\(plain)\"}") }
        }
        #expect(throws: JSONScanner.Failure.self) { try scan("{\"a\":\"\(plain)") }
    }
}
