// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

@testable import FreshetHTTP

@Suite struct FieldErrorTests {
    private static func errors(_ json: String) throws -> [FieldError] {
        FieldErrorReader.fieldErrors(in: try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    }

    private static let title = FieldError(path: ["title"], message: "is bad")

    @Test(
        "Each framework's shape is read",
        arguments: [
            // RFC 9457 3.1
            (
                ##"{"title": "Not valid", "errors": [{"pointer": "#/title", "detail": "is bad"}]}"##,
                [FieldError(path: ["title"], message: "is bad")]
            ),
            (
                #"{"errors": [{"pointer": "/lines/0/a~1b~0", "detail": "no", "code": "c"}, {"parameter": "limit", "detail": "l"}]}"#,
                [
                    FieldError(path: ["lines", "0", "a/b~"], code: "c", message: "no"),
                    FieldError(path: ["limit"], message: "l"),
                ]
            ),
            // RFC 7807's own example
            (
                #"{"invalid-params": [{"name": "age", "reason": "must be positive"}]}"#,
                [FieldError(path: ["age"], message: "must be positive")]
            ),
            // Laravel, ASP.NET
            (
                #"{"message": "m", "errors": {"title": ["is bad"], "lines.0.price": ["a", "b"]}}"#,
                [
                    FieldError(path: ["lines", "0", "price"], message: "a"),
                    FieldError(path: ["lines", "0", "price"], message: "b"),
                    FieldError(path: ["title"], message: "is bad"),
                ]
            ),
            (#"{"status": 400, "errors": {"$.title": ["is bad"]}}"#, [FieldErrorTests.title]),
            // Rails and Django, bare
            (
                #"{"title": ["is bad"], "price": ["p"]}"#,
                [FieldError(path: ["price"], message: "p"), FieldErrorTests.title]
            ),
            (#"{"non_field_errors": ["all bad"]}"#, [FieldError(path: [], message: "all bad")]),
            (#"{"errors": {"base": ["all bad"]}}"#, [FieldError(path: [], message: "all bad")]),
            // NestJS
            (
                #"{"statusCode": 400, "message": ["title is bad", "lines.0.price is bad"], "error": "Bad Request"}"#,
                [
                    FieldError(path: ["title"], message: "title is bad"),
                    FieldError(path: ["lines", "0", "price"], message: "lines.0.price is bad"),
                ]
            ),
            // FastAPI
            (
                #"{"detail": [{"type": "missing", "loc": ["body", "lines", 0, "price"], "msg": "Field required"}]}"#,
                [FieldError(path: ["lines", "0", "price"], code: "missing", message: "Field required")]
            ),
            (
                #"{"detail": [{"type": "t", "loc": ["body"], "msg": "m"}]}"#,
                [FieldError(path: [], code: "t", message: "m")]
            ),
            // Spring
            (
                #"{"message": "m", "errors": [{"field": "lines[0].price", "defaultMessage": "d", "code": "Min", "rejectedValue": -1}]}"#,
                [FieldError(path: ["lines", "0", "price"], code: "Min", message: "d")]
            ),
            // Symfony
            (
                #"{"violations": [{"propertyPath": "title", "message": "is bad"}]}"#, [FieldErrorTests.title]
            ),
            // JSON:API
            (
                #"{"errors": [{"status": "422", "code": "blank", "title": "Invalid", "detail": "d", "source": {"pointer": "/data/attributes/title"}}]}"#,
                [FieldError(path: ["title"], code: "blank", message: "d")]
            ),
        ] as [(String, [FieldError])]
    )
    func shapes(_ json: String, _ expected: [FieldError]) throws {
        #expect(try Self.errors(json) == expected)
    }

    @Test(
        "What names no fields has none",
        arguments: [
            "{}", "[]", "null", #""text""#, #"{"detail": "not found"}"#, #"{"message": "no"}"#, #"{"errors": []}"#,
            #"{"errors": [{}]}"#, #"{"errors": "no"}"#, #"{"errors": [1, null]}"#, #"{"items": [1, 2]}"#,
            #"{"items": []}"#,
        ]
    )
    func none(_ json: String) throws {
        #expect(try Self.errors(json).isEmpty)
    }
}
