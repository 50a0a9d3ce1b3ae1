// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

struct JSONValueTests {
    private func decoded(_ json: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
    }

    private func encoded(_ value: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test(
        "Every kind of value comes and goes",
        arguments: [
            ("null", .null), ("true", true), ("false", false), ("0", 0), ("-17", -17), ("1.5", 1.5),
            (#""a/é\"""#, "a/é\""), (#""""#, ""), ("[]", []), ("{}", [:]),
            (#"[1,"x",null,[true]]"#, [1, "x", nil, [true]]),
            (#"{"a":{"b":[1.25]},"c":null}"#, ["a": ["b": [1.25]], "c": nil]),
        ] as [(String, JSONValue)]
    )
    func roundTrip(_ json: String, _ value: JSONValue) throws {
        #expect(try decoded(json) == value)
        #expect(try encoded(value) == json)
    }

    @Test("Whole numbers of 64 bits stay exact", arguments: [Int64.max, .min, 9_007_199_254_740_993, -1])
    func exact(_ number: Int64) throws {
        #expect(try decoded("\(number)") == .integer(number))
        #expect(try encoded(.integer(number)) == "\(number)")
    }

    @Test("A number that looks like a boolean is a number, and the other way round")
    func booleans() throws {
        #expect(try decoded("[1,0,true,false]") == [.integer(1), .integer(0), .bool(true), .bool(false)])
    }

    @Test("A whole number beyond 64 bits is a number, not an error")
    func large() throws {
        #expect(try decoded("9223372036854775808") == .number(9_223_372_036_854_775_808))
    }

    @Test("A number that JSON does not have cannot be written", arguments: [Double.infinity, -.infinity, .nan])
    func notFinite(_ number: Double) {
        #expect(throws: EncodingError.self) { try encoded(.array([.number(number)])) }
    }

    @Test("What is not JSON is refused", arguments: ["", "{", "[1,", "nul", #"{"a"}"#])
    func refused(_ json: String) {
        #expect(throws: DecodingError.self) { try decoded(json) }
    }

    @Test("Of a key that is given twice the last value counts")
    func duplicateKeys() {
        #expect(["a": 1, "a": 2] as JSONValue == .object(["a": .integer(2)]))
    }
}
