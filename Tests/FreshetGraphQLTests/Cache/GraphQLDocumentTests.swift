// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

struct GraphQLDocumentTests {
    private func failure(_ text: String) -> GraphQLDocument.Failure? {
        do throws(GraphQLDocument.Failure) {
            _ = try GraphQLDocument(text)
            return nil
        } catch {
            return error
        }
    }

    @Test("Everything that an executable document may have is read")
    func everything() throws {
        let document = try GraphQLDocument(
            #"""
            # A comment, and commas where nobody needs them,
            query Q($a: Int! = -1, $b: [[String!]]! = [["x"]] @old, $c: In = {k: {l: [1.5e3, $]}}) @live { ... }
            """#.replacing("$]", with: "RED]").replacing("{ ... }", with: "{ x }")
        )
        #expect(document.operations.map(\.name) == ["Q"])
        #expect(document.operations.first?.defaults["a"] == .number("-1"))
        #expect(document.operations.first?.defaults["b"] == .list([.list([.string("x")])]))

        let other = try GraphQLDocument(
            """
            mutation M { a: b(c: "d", e: \"""block " of \\\""" text\""", f: null, g: ENUM) @client { id } }
            subscription S { s { ... on T @include(if: true) { x } ...F @skip(if: false) ... { y } } }
            fragment F on T { on: fragment query: mutation type { true } }
            """
        )
        #expect(other.operations.map(\.kind) == [.mutation, .subscription])
        guard case .field(let field)? = other.operations.first?.selections.first else {
            Issue.record("no field")
            return
        }
        #expect(field.responseKey == "a" && field.name == "b" && field.selections.count == 1)
        #expect(field.arguments.map(\.name) == ["c", "e", "f", "g"])
        #expect(
            field.arguments.map(\.value) == [
                .string("d"), .string(#"block " of """ text"#), .name("null"), .name("ENUM"),
            ]
        )
        #expect(other.fragments.count == 1)
    }

    @Test(
        "Escapes in a string are taken for what they mean",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u00e9"#, "é"), (#"\ud83d\ude00"#, "😀"),
            (#"\u{1F600}"#, "😀"), ("plain é", "plain é"),
        ]
    )
    func escapes(_ written: String, _ meant: String) throws {
        let document = try GraphQLDocument(#"{ f(a: "\#(written)") }"#)
        guard case .field(let field)? = document.operations.first?.selections.first else {
            Issue.record("no field")
            return
        }
        #expect(field.arguments.first?.value == .string(meant))
    }

    @Test(
        "What is no document is refused, with the place",
        arguments: [
            ("", "Unexpected <EOF>.", 1, 1),
            ("{ }", "Expected Name, found '}'.", 1, 3),
            ("{ a", "Expected Name, found <EOF>.", 1, 4),
            ("{\n  a {\n    b ]\n", "Expected Name, found ']'.", 3, 7),
            ("{\r\n  a\r\n  ?\r\n}", "Unexpected character: ?.", 3, 3),
            ("{ é }", "Unexpected character: é.", 1, 3),
            ("{ a(b: \"é\" ?) }", "Unexpected character: ?.", 1, 12),
            ("{ a(b: \"x) }", "Unterminated string.", 1, 8),
            ("{ a(b: \"\"\"x\"\") }", "Unterminated string.", 1, 8),
            ("{ a(b: \"x\n\") }", "Unterminated string.", 1, 8),
            ("{ a(b: \"x\\", "Unterminated string.", 1, 8),
            (#"{ a(b: "\q") }"#, "Invalid escape in a string.", 1, 9),
            (#"{ a(b: "\ud83d") }"#, "Invalid escape in a string.", 1, 9),
            ("{ a(b: 01) }", "Invalid number, a digit after 0.", 1, 9),
            ("{ a(b: -) }", "Invalid number, expected a digit.", 1, 9),
            ("{ a(b: 1.) }", "Invalid number, expected a digit.", 1, 10),
            ("{ a(b: 1e) }", "Invalid number, expected a digit.", 1, 10),
            ("{ a(b: 1x) }", "Invalid number, x after it.", 1, 9),
            ("{ a() }", "Expected Name, found ')'.", 1, 5),
            ("{ a(b) }", "Expected ':', found ')'.", 1, 6),
            ("{ .. a }", "Unexpected character: ..", 1, 3),
            ("query ($a: Int = $b) { a }", "Unexpected '$'.", 1, 18),
            ("type T { a: Int }", "Unexpected Name 'type'.", 1, 1),
            ("{ a } { b }", "Operations that share a document need names, each its own.", 1, 7),
            ("query A { a } query A { b }", "Operations that share a document need names, each its own.", 1, 15),
            ("{ a } fragment on on T { b }", "Unexpected Name 'on'.", 1, 16),
            ("{ ...F }", "Unknown fragment 'F'.", 1, 3),
            ("{ a @include }", "Directive '@include' needs the argument 'if'.", 1, 5),
            ("{ __typename: name }", "Names that begin with '__' are GraphQL's own.", 1, 3),
        ]
    )
    func refused(_ text: String, _ message: String, _ line: Int, _ column: Int) throws {
        let failure = try #require(self.failure(text))
        #expect(failure.message.replacing("Syntax Error: ", with: "") == message)
        #expect([failure.line, failure.column] == [line, column])
        #expect(failure.error.kind == .invalidInput)
        #expect(failure.error.message.contains("line \(line), column \(column)"))
    }

    @Test("Fragments that spread one another in a circle are refused, however they do it")
    func circles() throws {
        for text in [
            "{ ...A } fragment A on T { ...A }",
            "{ x } fragment A on T { a { ...B } } fragment B on T { ... on U { b { ...A } } }",
        ] {
            #expect(try #require(failure(text)).message.hasSuffix("within itself."))
        }
    }

    @Test("A fragment that is spread twice, but not in a circle, is fine")
    func twice() {
        #expect(failure("{ a { ...A ...B } ...A } fragment A on T { x } fragment B on T { ...A }") == nil)
    }

    @Test("What is nested deeper than 100 levels is refused before it can do harm, by whatever means")
    func deep() throws {
        let braces = String(repeating: "{a", count: 100_000)
        let lists = "{ a(b: " + String(repeating: "[", count: 100_000)
        let objects = "{ a(b: " + String(repeating: "{x:", count: 100_000)
        let inline = "{" + String(repeating: "...{", count: 100_000)
        let chain =
            "{ ...F0 } "
            + (0..<5_000).map { "fragment F\($0) on T { a { ...F\($0 + 1) } } " }.joined()
            + "fragment F5000 on T { x }"
        for text in [braces, lists, objects, inline, chain] {
            let failure = try #require(self.failure(text))
            #expect(failure.message.contains("Nested deeper than 100 levels"))
        }
        let within = String(repeating: "{a", count: 100) + String(repeating: "}", count: 100)
        #expect(self.failure(within) == nil)
    }

    @Test("A large document that is not deep is read in time")
    func large() throws {
        let fields = (0..<20_000).map { "f\($0): a(b: \($0))" }.joined(separator: " ")
        #expect(try GraphQLDocument("{ \(fields) }").operations.first?.selections.count == 20_000)
        let operations = (0..<10_000).map { "query Q\($0) { a }" }.joined(separator: " ")
        #expect(try GraphQLDocument(operations).operations.count == 10_000)
        #expect(failure(String(repeating: "}", count: 1_000_000)) != nil)
        #expect(failure(String(repeating: "{", count: 1_000_000)) != nil)
    }

    @Test("Only whoever asks for an operation by a name that there is gets one")
    func operations() throws {
        let document = try GraphQLDocument("query A { a } query B { b }")
        #expect(try GraphQLOperation(document, named: "B").document.text == document.text)
        for name in [nil, "C"] {
            #expect(throws: FreshetError.self) { try GraphQLOperation(document, named: name) }
        }
    }
}
