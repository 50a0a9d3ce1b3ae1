// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

/// What keys and cursors are made of.
struct JSONScalarTests {
    private func scalar(_ json: String) -> JSONValue? { JSONValue(scalar: Bytes(copying: Array(json.utf8))) }

    @Test(
        "Text and whole numbers are themselves",
        arguments: [
            (#""ACME""#, "ACME"), (#""""#, ""), (#""1""#, "1"), (#""null""#, "null"), (#""é\#u{1F30A}""#, "é\u{1F30A}"),
            ("0", 0), ("-17", -17), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ] as [(String, JSONValue)]
    )
    func themselves(_ json: String, _ value: JSONValue) {
        #expect(scalar(json) == value)
    }

    @Test(
        "A cursor with escapes is the server's text, not the way in which that was written",
        arguments: [
            #""abc\/def==""#, #""a\"b""#, #""\\""#, #""\b\f\n\r\t""#, #""\u00e9""#, #""\u00E9x""#, #""\ud83c\udf0a!""#,
            #""\u0000""#, #""é\n""#, #""a\\\/\"""#,
        ]
    )
    func escapes(_ json: String) throws {
        let text = try JSONDecoder().decode(String.self, from: Data(json.utf8))
        #expect(scalar(json) == .string(text))
    }

    @Test(
        "Everything else is its own text",
        arguments: [
            "true", "1.5", "1e3", "9223372036854775808", "[1, 2]", #"{"a" : 1}"#, #"""#, "nul", #""\x""#, #""\""#,
            #""\u12""#,
            #""\u12g4""#, #""\ud83c""#, #""\ud83cx""#, #""\ud83c\u0041""#, #""\udf0a""#,
        ]
    )
    func others(_ json: String) {
        #expect(scalar(json) == .string(json))
    }

    @Test("There is no key where there is null, or nothing", arguments: ["null", ""])
    func none(_ json: String) {
        #expect(scalar(json) == nil)
    }
}
