// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

@testable import FreshetFirebase

/// Values as JSON that people read and write.
struct FirestorePlainTests {
    private static func text(_ value: FirestoreValue) throws -> String { try FirestoreValueTests.written(value.plain) }

    private static func value(_ text: String) throws -> FirestoreValue {
        try FirestoreValue(plain: try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test("What JSON has stands as it is, and what it has not stands as in the REST API")
    func both() throws {
        let cases: [(FirestoreValue, String)] = [
            (nil, "null"), (true, "true"), (.integer(.max), "9223372036854775807"), (0.5, "0.5"), ("x", #""x""#),
            ([1, [:]], "[1,{}]"), (["a": ["b": nil]], #"{"a":{"b":null}}"#), (.double(2), #"{"doubleValue":2}"#),
            (.double(.infinity), #"{"doubleValue":"Infinity"}"#),
            (.timestamp(.at("2024-01-02T03:04:05.5Z")), #"{"timestampValue":"2024-01-02T03:04:05.500Z"}"#),
            (.bytes(Data([0, 1, 2])), #"{"bytesValue":"AAEC"}"#),
            (
                .reference(.sample("a/b")),
                #"{"referenceValue":"projects/p/databases/(default)/documents/a/b"}"#
            ),
            (.geoPoint(.at(1, 2)), #"{"geoPointValue":{"latitude":1,"longitude":2}}"#),
            (["timestampValue": "x"], #"{"mapValue":{"fields":{"timestampValue":{"stringValue":"x"}}}}"#),
            (["timestampValue": "x", "y": 1], #"{"timestampValue":"x","y":1}"#),
        ]
        for (value, text) in cases {
            #expect(try Self.text(value) == text)
            #expect(try Self.value(text) == value)
        }
        #expect(try Self.value(try Self.text(.vector([1, 2.5]))) == .vector([1, 2.5]))
    }

    @Test(
        "What is marked as a kind and is none is refused",
        arguments: [#"{"timestampValue":"today"}"#, #"{"bytesValue":1}"#]
    )
    func refused(_ text: String) {
        let error = #expect(throws: FreshetError.self) { try Self.value(text) }
        #expect(error?.kind == .invalidInput)
    }

    @Test("A document is a JSON object", arguments: ["[]", "1", "", "{"])
    func documents(_ text: String) {
        let error = #expect(throws: FreshetError.self) {
            try FirestoreCoding<Bytes>.json.encode(Bytes(copying: text.utf8))
        }
        #expect(error?.kind == .invalidInput)
    }
}
