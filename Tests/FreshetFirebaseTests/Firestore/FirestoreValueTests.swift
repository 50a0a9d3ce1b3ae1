// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetFirebase
import Testing

/// Values as the REST API writes them, byte for byte.
struct FirestoreValueTests {
    /// Every kind, as an emulator answers and as it is sent; `text` with sorted keys.
    static let golden: [(value: FirestoreValue, text: String)] = [
        (.null, #"{"nullValue":null}"#),
        (.boolean(false), #"{"booleanValue":false}"#),
        (.integer(9_007_199_254_740_993), #"{"integerValue":"9007199254740993"}"#),
        (.integer(.min), #"{"integerValue":"-9223372036854775808"}"#),
        (.integer(.max), #"{"integerValue":"9223372036854775807"}"#),
        (.double(1.5), #"{"doubleValue":1.5}"#),
        (.double(1), #"{"doubleValue":1}"#),
        (.double(.infinity), #"{"doubleValue":"Infinity"}"#),
        (.double(-.infinity), #"{"doubleValue":"-Infinity"}"#),
        (.double(.greatestFiniteMagnitude), #"{"doubleValue":1.7976931348623157e+308}"#),
        (.double(.leastNonzeroMagnitude), #"{"doubleValue":5e-324}"#),
        (.string("é漢😀\"\\\n"), #"{"stringValue":"é漢😀\"\\\n"}"#),
        (.timestamp(.at("2024-01-02T03:04:05.123456789Z")), #"{"timestampValue":"2024-01-02T03:04:05.123456789Z"}"#),
        (.timestamp(.at("1969-12-31T23:59:59Z")), #"{"timestampValue":"1969-12-31T23:59:59Z"}"#),
        (.bytes(Data([0xFB, 0xFF, 0])), #"{"bytesValue":"+/8A"}"#),
        (.bytes(Data()), #"{"bytesValue":""}"#),
        (
            .reference(.sample("users/ada")),
            #"{"referenceValue":"projects/p/databases/(default)/documents/users/ada"}"#
        ),
        (.geoPoint(.at(1.5, 0)), #"{"geoPointValue":{"latitude":1.5,"longitude":0}}"#),
        (.array([]), #"{"arrayValue":{"values":[]}}"#),
        (.array([1, nil]), #"{"arrayValue":{"values":[{"integerValue":"1"},{"nullValue":null}]}}"#),
        (.map([:]), #"{"mapValue":{"fields":{}}}"#),
        (["a": ["b": "c"]], #"{"mapValue":{"fields":{"a":{"mapValue":{"fields":{"b":{"stringValue":"c"}}}}}}}"#),
        (
            .vector([1, 2.5]),
            #"{"mapValue":{"fields":{"__type__":{"stringValue":"__vector__"},"value":{"arrayValue":{"values":["#
                + #"{"doubleValue":1},{"doubleValue":2.5}]}}}}}"#
        ),
    ]

    static func written(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func read(_ text: String) throws -> FirestoreValue {
        try JSONDecoder().decode(FirestoreValue.self, from: Data(text.utf8))
    }

    @Test("Every kind is written as the REST API has it, and read again", arguments: golden)
    func roundTrip(_ value: FirestoreValue, _ text: String) throws {
        #expect(try Self.written(value) == text)
        #expect(try Self.read(text) == value)
    }

    @Test("What is not a number, and the sign of zero, come through")
    func doublesWithoutJSON() throws {
        #expect(try Self.written(FirestoreValue.double(.nan)) == #"{"doubleValue":"NaN"}"#)
        guard case .double(let read) = try Self.read(#"{"doubleValue":"NaN"}"#) else {
            Issue.record("not a double")
            return
        }
        #expect(read.isNaN)
        #expect(try Self.written(FirestoreValue.double(-0.0)) == #"{"doubleValue":"-0"}"#)
        guard case .double(let zero) = try Self.read(#"{"doubleValue":"-0"}"#) else {
            Issue.record("not a double")
            return
        }
        #expect(zero == 0 && zero.sign == .minus)
    }

    /// What servers write otherwise.
    static let variants: [(text: String, value: FirestoreValue)] = [
        (#"{"integerValue":9007199254740993}"#, .integer(9_007_199_254_740_993)),
        (#"{"arrayValue":{}}"#, .array([])),
        (#"{"mapValue":{}}"#, .map([:])),
        (#"{"geoPointValue":{}}"#, .geoPoint(.at(0, 0))),
        (#"{"geoPointValue":{"longitude":-2}}"#, .geoPoint(.at(0, -2))),
        (#"{"bytesValue":"-_8A"}"#, .bytes(Data([0xFB, 0xFF, 0]))),
        (#"{"bytesValue":"AA"}"#, .bytes(Data([0]))),
        (#"{ "doubleValue" : "1.25" }"#, .double(1.25)),
        (
            #"{"timestampValue":"2024-01-02T05:04:05.5+02:00"}"#,
            .timestamp(.at("2024-01-02T03:04:05.5Z"))
        ),
        // A map that only looks like a vector.
        (
            #"{"mapValue":{"fields":{"__type__":{"stringValue":"__vector__"},"value":"#
                + #"{"arrayValue":{"values":[{"integerValue":"1"}]}}}}}"#,
            .map(["__type__": "__vector__", "value": [1]])
        ),
    ]

    @Test("What servers write otherwise is read too", arguments: variants)
    func lenientReading(_ text: String, _ value: FirestoreValue) throws {
        #expect(try Self.read(text) == value)
    }

    @Test(
        "What is no value is refused",
        arguments: [
            "{}", "1", "null", #"{"integerValue":"1","stringValue":"1"}"#, #"{"colourValue":"red"}"#,
            #"{"integerValue":"1.5"}"#, #"{"integerValue":"9223372036854775808"}"#, #"{"integerValue":1.5}"#,
            #"{"integerValue":true}"#, #"{"doubleValue":"1e999"}"#, #"{"doubleValue":"nan"}"#,
            #"{"doubleValue":"inf"}"#,
            #"{"booleanValue":"true"}"#, #"{"stringValue":null}"#, #"{"timestampValue":"2024-02-30T00:00:00Z"}"#,
            #"{"timestampValue":"0000-12-31T23:59:59Z"}"#, #"{"timestampValue":""}"#,
            #"{"bytesValue":"a"}"#, #"{"bytesValue":"*"}"#, #"{"referenceValue":"users/ada"}"#,
            #"{"referenceValue":"projects/p/databases/d/documents/users"}"#, #"{"geoPointValue":{"latitude":91}}"#,
            #"{"geoPointValue":[]}"#, #"{"arrayValue":{"values":{}}}"#, #"{"mapValue":{"fields":[]}}"#,
            #"{"mapValue":null}"#,
        ]
    )
    func refused(_ text: String) {
        #expect(throws: DecodingError.self) { try Self.read(text) }
    }

    @Test("The place of what is wrong in a document is named")
    func placeOfTheError() throws {
        let text =
            #"{"name":"projects/p/databases/d/documents/users/a","fields":{"tags":{"arrayValue":{"values":"#
            + #"[{"stringValue":"x"},{"colourValue":1}]}}},"#
            + #""createTime":"2024-01-02T03:04:05Z","updateTime":"2024-01-02T03:04:05Z"}"#
        do {
            _ = try JSONDecoder().decode(FirestoreDocument.self, from: Data(text.utf8))
            Issue.record("it was read")
        } catch {
            let message = FreshetError.decoding(error, of: FirestoreDocument.self).message
            #expect(message.contains(".fields.tags.arrayValue.values[1] is not readable"))
        }
    }

    @Test("A document as the emulator answers, with and without fields")
    func document() throws {
        let text = """
            {
              "name": "projects/demo/databases/(default)/documents/users/a/letters/b c",
              "fields": { "n": { "integerValue": "1" } },
              "createTime": "2026-11-26T02:16:59.664189Z",
              "updateTime": "2026-11-26T02:16:59.664Z"
            }
            """
        let document = try JSONDecoder().decode(FirestoreDocument.self, from: Data(text.utf8))
        #expect(document.id == "b c")
        #expect(document.path == "users/a/letters/b c")
        #expect(document.name.collection == "users/a/letters")
        #expect(document.name.database == "projects/demo/databases/(default)")
        #expect(document["n"] == 1)
        #expect(document.createTime.description == "2026-11-26T02:16:59.664189Z")
        #expect(document.updateTime.nanoseconds == 664_000_000)
        let bare = text.replacing(#""fields": { "n": { "integerValue": "1" } },"#, with: "")
        #expect(try JSONDecoder().decode(FirestoreDocument.self, from: Data(bare.utf8)).fields.isEmpty)
    }

    @Test("A deep value ends in an error, not on the stack")
    func deep() {
        let depth = 20_000
        let text =
            String(repeating: #"{"arrayValue":{"values":["#, count: depth) + #"{"nullValue":null}"#
            + String(repeating: "]}}", count: depth)
        #expect(throws: (any Error).self) { try Self.read(text) }
    }
}
