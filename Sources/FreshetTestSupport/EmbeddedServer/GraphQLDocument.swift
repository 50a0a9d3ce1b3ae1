// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// As much of a GraphQL document as the embedded server understands: one operation, variables, arguments, fields.
struct GraphQLDocument {
    struct Failure: Error {
        let message: String
        let line: Int
        let column: Int
    }

    enum Value {
        case literal(JSONValue)
        case variable(String)
    }

    struct Field {
        let name: String
        let alias: String?
        let arguments: [String: Value]
        let fields: [Field]
        let line: Int
        let column: Int

        var key: String { self.alias ?? self.name }
    }

    private(set) var kind = "query"
    private(set) var defaults: [String: JSONValue] = [:]
    private(set) var fields: [Field] = []

    init(_ text: String) throws(Failure) {
        var lexer = try GraphQLLexer(text)
        if case .name(let kind) = lexer.token {
            guard ["query", "mutation", "subscription"].contains(kind) else { throw lexer.unexpected() }
            self.kind = kind
            try lexer.advance()
            if case .name = lexer.token { try lexer.advance() }
            if lexer.token == .punctuation("(") { try self.parseVariables(&lexer) }
        }
        self.fields = try Self.parseFields(&lexer)
        guard lexer.token == .end else { throw lexer.unexpected() }
    }

    private mutating func parseVariables(_ lexer: inout GraphQLLexer) throws(Failure) {
        try lexer.expect("(")
        while lexer.token != .punctuation(")") {
            try lexer.expect("$")
            let name = try lexer.expectName()
            try lexer.expect(":")
            while lexer.token == .punctuation("[") { try lexer.advance() }
            _ = try lexer.expectName()
            while lexer.token == .punctuation("!") || lexer.token == .punctuation("]") { try lexer.advance() }
            if lexer.token == .punctuation("=") {
                try lexer.advance()
                if case .literal(let value) = try Self.parseValue(&lexer) { self.defaults[name] = value }
            }
        }
        try lexer.expect(")")
    }

    private static func parseFields(_ lexer: inout GraphQLLexer) throws(Failure) -> [Field] {
        var fields: [Field] = []
        try lexer.expect("{")
        repeat {
            fields.append(try self.parseField(&lexer))
        } while lexer.token != .punctuation("}")
        try lexer.advance()
        return fields
    }

    private static func parseField(_ lexer: inout GraphQLLexer) throws(Failure) -> Field {
        let (line, column) = (lexer.line, lexer.column)
        var name = try lexer.expectName()
        var alias: String?
        if lexer.token == .punctuation(":") {
            try lexer.advance()
            alias = name
            name = try lexer.expectName()
        }
        var arguments: [String: Value] = [:]
        if lexer.token == .punctuation("(") {
            try lexer.advance()
            repeat {
                let argument = try lexer.expectName()
                try lexer.expect(":")
                arguments[argument] = try self.parseValue(&lexer)
            } while lexer.token != .punctuation(")")
            try lexer.advance()
        }
        let fields = lexer.token == .punctuation("{") ? try self.parseFields(&lexer) : []
        return Field(name: name, alias: alias, arguments: arguments, fields: fields, line: line, column: column)
    }

    private static func parseValue(_ lexer: inout GraphQLLexer) throws(Failure) -> Value {
        switch lexer.token {
        case .punctuation("$"):
            try lexer.advance()
            return .variable(try lexer.expectName())
        case .number(let number):
            try lexer.advance()
            return .literal(number)
        case .string(let text):
            try lexer.advance()
            return .literal(.string(text))
        case .name(let name):
            try lexer.advance()
            return .literal(
                name == "null" ? .null : ["true", "false"].contains(name) ? .bool(name == "true") : .string(name)
            )
        default:
            throw lexer.unexpected()
        }
    }
}
