// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

struct GraphQLTypenameTests {
    @Test(
        "Every selection set asks for the type, and the rest of the text stays where it is",
        arguments: [
            ("{ a { b } }", "{__typename  a {__typename  b } }"),
            (
                "query Q($x: Int) {\n  # {\n  a(s: \"{\") {\n    b\n  }\n}",
                "query Q($x: Int) {__typename \n  # {\n  a(s: \"{\") {__typename \n    b\n  }\n}"
            ),
            ("{a{b}}", "{__typename a{__typename b}}"),
            (
                "{ a(o: {k: 1}) { ... on T { b } ... { c } } }",
                "{__typename  a(o: {k: 1}) {__typename  ... on T {__typename  b } ... {__typename  c } } }"
            ),
            (
                "{ a { ...F } } fragment F on T { b }",
                "{__typename  a {__typename  ...F } } fragment F on T {__typename  b }"
            ),
            ("mutation { m { x } }", "mutation {__typename  m {__typename  x } }"),
            // Who asks already is not asked again; under another name, or only sometimes, is not enough.
            ("{ __typename a { b __typename } }", "{ __typename a { b __typename } }"),
            ("{ __typename a { t: __typename } }", "{ __typename a {__typename  t: __typename } }"),
            (
                "{ __typename a { __typename @skip(if: true) b } }",
                "{ __typename a {__typename  __typename @skip(if: true) b } }"
            ),
        ]
    )
    func inserted(_ text: String, _ sent: String) throws {
        #expect(try GraphQLDocument(text).withTypenames().text == sent)
    }

    @Test("The top of a subscription is left alone, in its fragments too: it may have one field only")
    func subscription() throws {
        let text =
            "subscription { ...F ... { ...G } } fragment F on S { t { id } } fragment G on S { ...H } "
            + "fragment H on S { u { id } } fragment I on T { id }"
        let sent =
            "subscription { ...F ... { ...G } } fragment F on S { t {__typename  id } } fragment G on S { ...H } "
            + "fragment H on S { u {__typename  id } } fragment I on T {__typename  id }"
        #expect(try GraphQLDocument(text).withTypenames().text == sent)
    }

    @Test("A document that is asked for again is the same, and one that is none is refused each time")
    func known() throws {
        var documents = GraphQLDocuments()
        for _ in 0..<2 {
            #expect(try documents.document("{ a }").text == "{__typename  a }")
            #expect(throws: FreshetError.self) { try documents.document("{") }
        }
        for number in 0..<1_000 { #expect(try documents.document("{ a\(number) }").operations.count == 1) }
    }
}
