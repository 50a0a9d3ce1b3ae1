// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetDocuments

/// The part of YAML that kubeconfigs are made of.
@Suite struct YAMLParserTests {
    private static func parse(_ text: String) throws -> JSONValue { try YAMLParser.parse(text, file: "test") }

    @Test("Maps, sequences and scalars in blocks, as kubectl and as people write them")
    func blocks() throws {
        let value = try Self.parse(
            """
            # A comment.
            ---
            apiVersion: v1
            list:
            - name: one   # at the column of its key
              deep:
                url: https://host:6443/a#b
            -   name: "two"
            other:
              - plain
              - 'it''s: quoted'
              -
                - nested
              - - in
                - line
            empty:
            tilde: ~
            yes: true
            no: "true"
            number: 123
            "quoted key": x
            long: one
              two
            """
        )
        let expected: JSONValue = [
            "apiVersion": "v1",
            "list": [["name": "one", "deep": ["url": "https://host:6443/a#b"]], ["name": "two"]],
            "other": ["plain", "it's: quoted", ["nested"], ["in", "line"]],
            "empty": nil, "tilde": nil, "yes": true, "no": "true", "number": "123", "quoted key": "x",
            "long": "one two",
        ]
        #expect(value == expected)
    }

    @Test("Blocks of text keep their lines, or fold them")
    func texts() throws {
        let value = try Self.parse(
            """
            kept: |
              -----BEGIN-----
                abc

              -----END-----
            chopped: |-
              a
              b
            folded: >
              a
              b

              c
            last: |+
              x

            """
        )
        #expect(
            value == [
                "kept": "-----BEGIN-----\n  abc\n\n-----END-----\n", "chopped": "a\nb", "folded": "a b\nc\n",
                "last": "x\n\n",
            ]
        )
    }

    @Test("Brackets and braces over any number of lines, and all of JSON")
    func flows() throws {
        let value = try Self.parse(
            """
            preferences: {}
            args: [get-token, "--x=a,b", {k: v, n: [1]}, ]
            more: [
              a,   # with a comment
              'b
              c'
            ]
            """
        )
        let expected: JSONValue = [
            "preferences": [:], "args": ["get-token", "--x=a,b", ["k": "v", "n": ["1"]]], "more": ["a", "b c"],
        ]
        #expect(value == expected)
        let json = """
            {
              "a": [1, true, null, "x\\n\\u00e9\\ud83d\\ude00"],
              "b": {"c": {}}
            }
            """
        #expect(try Self.parse(json) == ["a": ["1", true, nil, "x\né😀"], "b": ["c": [:]]])
    }

    @Test("Nothing is null", arguments: ["", "\n\n", "# only\n", "---\n"])
    func nothing(text: String) throws {
        #expect(try Self.parse(text) == .null)
    }

    @Test(
        "What is not read is refused with its line",
        arguments: [
            ("a: 1\nb: &anchor x", 2), ("a: *alias", 1), ("a: !!str x", 1), ("a: 1\na: 2", 2), ("a: 1\n---\nb: 2", 2),
            ("a:\n\tb: 1", 2), ("a: [1, 2", 1), ("a: {b 1}", 1), ("a: \"open", 1), ("a: \"\\q\"", 1),
            ("a: 1\n  b: 2\n c: 3", 2),
            ("a:\n  b: 1\n   c: 2", 3), ("a: [1] x", 1), ("? a\n: b", 1), ("a: \"\\ud800\"", 1), ("a: |x\n  b", 1),
            ("- a\nb: 1", 2),
        ] as [(String, Int)]
    )
    func refused(text: String, line: Int) throws {
        let error = #expect(throws: FreshetError.self) { try Self.parse(text) }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.hasPrefix("test, line \(line): ") == true, "\(String(describing: error))")
    }

    @Test("What is nested too deeply is refused, and does not overflow")
    func depth() throws {
        #expect(throws: FreshetError.self) { try Self.parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: FreshetError.self) { try Self.parse(String(repeating: "- ", count: 100_000) + "x") }
    }

    @Test("A text that is cut anywhere is read or refused")
    func cut() {
        let text = "a: {b: [\"x\\u00e9\", 'y'], c: |\n  d}\n- e: >-\n    f\n\"g\": h # i\n"
        for count in 0...text.utf8.count {
            _ = try? Self.parse(String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self))
            _ = try? Self.parse(String(decoding: Array(text.utf8.dropFirst(count)), as: UTF8.self))
        }
    }
}
