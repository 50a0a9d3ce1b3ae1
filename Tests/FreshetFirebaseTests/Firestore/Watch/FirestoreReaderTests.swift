// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

@testable import FreshetFirebase

/// The quick way to read a document, beside `JSONDecoder`.
struct FirestoreReaderTests {
    private static func text(_ fields: String, more: String = "") -> Bytes {
        let name = "projects/p/databases/(default)/documents/users/ada"
        let times = #""createTime":"2024-01-02T03:04:05.123456Z","updateTime":"2024-01-03T00:00:00Z""#
        return Bytes(copying: #"{"name":"\#(name)","fields":\#(fields),\#(times)\#(more)}"#.utf8)
    }

    private static func decoded(_ json: Bytes) -> FirestoreDocument? {
        json.withBytes { try? JSONDecoder().decode(FirestoreDocument.self, from: Data($0)) }
    }

    @Test("What is read quickly is what the decoder reads, every kind by itself and in arrays and maps")
    func kinds() throws {
        var quick = 0
        for (value, text) in FirestoreValueTests.golden {
            var texts = [#"{"a":\#(text)}"#, #"{"m":{"mapValue":{"fields":{"é":\#(text)}}}}"#]
            // No array is directly in another.
            if !text.contains("arrayValue") { texts.append(#"{"l":{"arrayValue":{"values":[\#(text),\#(text)]}}}"#) }
            for fields in texts {
                let json = Self.text(fields)
                let expected = try #require(Self.decoded(json), "\(value)")
                if let document = FirestoreReader.document(json) {
                    #expect(document == expected)
                    quick += 1
                }
                #expect(try FirestoreDocument.reading(json) == expected)
            }
        }
        #expect(quick > 30)
    }

    @Test("Empty arrays, maps and documents, and white space")
    func empty() throws {
        for fields in [
            "{}", #"{"a":{"arrayValue":{}}}"#, #"{"a":{"mapValue":{}}}"#, "{ \"a\" : { \"integerValue\" : \"1\" } }",
        ] {
            let json = Self.text(fields)
            #expect(FirestoreReader.document(json) == Self.decoded(json))
            #expect(FirestoreReader.document(json) != nil)
        }
    }

    @Test(
        "What is rare or wrong is left to the decoder",
        arguments: [
            #"{"a":{"stringValue":"\u0041"}}"#, #"{"a":{"integerValue":1}}"#, #"{"a":{"integerValue":"1x"}}"#,
            #"{"a":{"booleanValue":1}}"#, #"{"a":{"otherValue":1}}"#, #"{"a":{}}"#, #"{"a":null}"#,
            #"{"a":{"nullValue":null,"booleanValue":true}}"#, #"{"a":{"arrayValue":{"values":{}}}}"#,
            #"{"a":{"arrayValue":{"others":[]}}}"#, #"{"a":{"timestampValue":"now"}}"#, #"{"a":{"stringValue":"}}"#,
            "[]",
            "{\"a\":{\"stringValue\":\"\u{1}\"}}",
        ]
    )
    func rare(_ fields: String) {
        let json = Self.text(fields)
        #expect(FirestoreReader.document(json) == nil)
        #expect((try? FirestoreDocument.reading(json)) == Self.decoded(json))
    }

    @Test("Depth that no document has ends neither the stack nor the reader")
    func deep() {
        let count = 20_000
        let open = String(repeating: #"{"mapValue":{"fields":{"a":"#, count: count)
        let json = Self.text(#"{"a":\#(open){"nullValue":null}\#(String(repeating: "}}}", count: count))}"#)
        #expect(FirestoreReader.document(json) == nil)
    }

    @Test("Text that is not UTF-8 is left to the decoder")
    func notUTF8() {
        var bytes = Self.text(#"{"a":{"stringValue":"xx"}}"#).array
        guard let place = bytes.lastIndex(of: UInt8(ascii: "x")) else { return }
        bytes[place] = 0xFF
        #expect(FirestoreReader.document(Bytes(copying: bytes)) == nil)
    }
}
