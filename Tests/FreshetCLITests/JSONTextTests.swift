// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetCLI

struct JSONTextTests {
    private func compact(_ json: String) -> String { String(decoding: JSONText.compact(json.utf8), as: UTF8.self) }

    private func indented(_ json: String) -> String { String(decoding: JSONText.indented(json.utf8), as: UTF8.self) }

    @Test(
        "Compact takes white space between values away, and none within strings",
        arguments: [
            ("{ \"a\" :\t[ 1 ,\r\n 2 ] }", #"{"a":[1,2]}"#), (#"  "a  b"  "#, #""a  b""#), ("", ""), (" 1.50 ", "1.50"),
            (#"{"a\" , ": " { \" } "}"#, #"{"a\" , ":" { \" } "}"#),
            (#"[ "\\" , "\\\"" , " " ]"#, #"["\\","\\\""," "]"#),
            (#"{"é": "€ 😀"}"#, #"{"é":"€ 😀"}"#),
        ]
    )
    func compact(_ json: String, _ expected: String) {
        #expect(compact(json) == expected)
        #expect(compact(expected) == expected)
    }

    @Test(
        "Indented puts each value on a line of its own",
        arguments: [
            ("{}", "{}"), ("[]", "[]"), ("[ ]", "[]"), ("1", "1"), (#""{}""#, #""{}""#),
            (#"{"a":1}"#, "{\n  \"a\": 1\n}"), ("[1,2]", "[\n  1,\n  2\n]"), ("[[]]", "[\n  []\n]"),
            ("[{},{}]", "[\n  {},\n  {}\n]"),
            (
                #"{"a":{"b":[1,{"c":null}]},"d":[]}"#,
                """
                {
                  "a": {
                    "b": [
                      1,
                      {
                        "c": null
                      }
                    ]
                  },
                  "d": []
                }
                """
            ),
        ]
    )
    func indented(_ json: String, _ expected: String) {
        #expect(indented(json) == expected)
        #expect(indented(expected) == expected)
        #expect(compact(expected) == compact(json))
    }

    @Test("Punctuation inside of strings is text")
    func strings() {
        #expect(
            indented(#"{"a{,:":"}],[{: \" \\","b":"["}"#) == "{\n  \"a{,:\": \"}],[{: \\\" \\\\\",\n  \"b\": \"[\"\n}"
        )
        #expect(indented(#"["{",["}"]]"#) == "[\n  \"{\",\n  [\n    \"}\"\n  ]\n]")
    }
}
