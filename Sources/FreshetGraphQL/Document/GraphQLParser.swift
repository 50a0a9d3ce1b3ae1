// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Makes a document of its tokens, by recursive descent to a limited depth.
struct GraphQLParser {
    typealias Document = GraphQLDocument
    typealias Failure = GraphQLDocument.Failure

    private var lexer: GraphQLLexer
    private(set) var operations: [Document.Operation] = []
    private(set) var fragments: [String: Document.Fragment] = [:]
    private(set) var openings: [Document.Opening] = []
    /// Of the operations.
    private var names: Set<String?> = []

    init(_ text: String) throws(Failure) {
        self.lexer = try GraphQLLexer(text)
    }

    mutating func parse() throws(Failure) {
        repeat {
            if self.lexer.isAt(word: "fragment") {
                try self.parseFragment()
            } else {
                try self.parseOperation()
            }
        } while self.lexer.token != .end
    }

    // MARK: - Definitions

    private mutating func parseOperation() throws(Failure) {
        let start = self.lexer.start
        var kind = OperationKind.query
        var name: String?
        var defaults: [String: GraphQLInput] = [:]
        if !self.lexer.isAt("{") {
            kind = try self.parseKind()
            if self.lexer.token == .name { name = try self.lexer.expectName() }
            if try self.lexer.take("(") { defaults = try self.parseVariables() }
            _ = try self.parseDirectives()
        }
        guard self.names.insert(name).inserted, self.names.count == 1 || !self.names.contains(nil) else {
            throw self.lexer.failure("Operations that share a document need names, each its own.", at: start)
        }
        let place: Document.Opening.Place = kind == .subscription ? .subscriptionRoot : .inside
        let selections = try self.parseSelections(place, depth: 1)
        self.operations.append(
            Document.Operation(kind: kind, name: name, defaults: defaults, selections: selections)
        )
    }

    private mutating func parseKind() throws(Failure) -> OperationKind {
        let kind: OperationKind
        if self.lexer.isAt(word: "query") {
            kind = .query
        } else if self.lexer.isAt(word: "mutation") {
            kind = .mutation
        } else if self.lexer.isAt(word: "subscription") {
            kind = .subscription
        } else {
            throw self.lexer.unexpected()
        }
        try self.lexer.advance()
        return kind
    }

    private mutating func parseFragment() throws(Failure) {
        try self.lexer.advance()
        guard !self.lexer.isAt(word: "on") else { throw self.lexer.unexpected() }
        let offset = self.lexer.start
        let name = try self.lexer.expectName()
        guard self.fragments[name] == nil else {
            throw self.lexer.failure("There can be only one fragment named '\(name)'.", at: offset)
        }
        guard self.lexer.isAt(word: "on") else { throw self.lexer.unexpected("Expected 'on', found") }
        try self.lexer.advance()
        let type = try self.lexer.expectName()
        _ = try self.parseDirectives()
        let selections = try self.parseSelections(.fragment(name), depth: 1)
        self.fragments[name] = Document.Fragment(type: type, selections: selections, offset: offset)
    }

    /// The variables' defaults; their types are the server's to check.
    private mutating func parseVariables() throws(Failure) -> [String: GraphQLInput] {
        var defaults: [String: GraphQLInput] = [:]
        repeat {
            try self.lexer.expect("$")
            let name = try self.lexer.expectName()
            try self.lexer.expect(":")
            try self.skipType()
            if try self.lexer.take("=") { defaults[name] = try self.parseValue(isConstant: true, depth: 1) }
            _ = try self.parseDirectives()
        } while try !self.lexer.take(")")
        return defaults
    }

    private mutating func skipType() throws(Failure) {
        var depth = 0
        while try self.lexer.take("[") { depth += 1 }
        _ = try self.lexer.expectName()
        _ = try self.lexer.take("!")
        for _ in 0..<depth {
            try self.lexer.expect("]")
            _ = try self.lexer.take("!")
        }
    }

    // MARK: - Selections

    private mutating func parseSelections(
        _ place: Document.Opening.Place,
        depth: Int
    ) throws(Failure) -> [Document.Selection] {
        try self.checkDepth(depth)
        let opening = self.openings.count
        self.openings.append(Document.Opening(offset: self.lexer.start + 1, place: place))
        try self.lexer.expect("{")
        var selections: [Document.Selection] = []
        var hasTypename = false
        repeat {
            let selection = try self.parseSelection(place, depth: depth)
            if case .field(let field) = selection, field.responseKey == "__typename", field.conditions.isEmpty {
                hasTypename = true
            }
            selections.append(selection)
        } while try !self.lexer.take("}")
        if hasTypename { self.openings.remove(at: opening) }
        return selections
    }

    private mutating func parseSelection(
        _ place: Document.Opening.Place,
        depth: Int
    ) throws(Failure) -> Document.Selection {
        let offset = self.lexer.start
        guard self.lexer.token == .spread else { return .field(try self.parseField(depth: depth)) }
        try self.lexer.advance()
        if self.lexer.token == .name, !self.lexer.isAt(word: "on") {
            let name = try self.lexer.expectName()
            return .spread(name, conditions: try self.parseDirectives(), offset: offset)
        }
        var type: String?
        if self.lexer.isAt(word: "on") {
            try self.lexer.advance()
            type = try self.lexer.expectName()
        }
        let conditions = try self.parseDirectives()
        return .inline(type: type, conditions: conditions, try self.parseSelections(place, depth: depth + 1))
    }

    private mutating func parseField(depth: Int) throws(Failure) -> Document.Field {
        let offset = self.lexer.start
        var name = try self.lexer.expectName()
        var alias: String?
        if try self.lexer.take(":") {
            alias = name
            name = try self.lexer.expectName()
            if alias == "__typename", name != alias {
                throw self.lexer.failure("Names that begin with '__' are GraphQL's own.", at: offset)
            }
        }
        let arguments = try self.parseArguments(isConstant: false)
        let conditions = try self.parseDirectives()
        let selections = self.lexer.isAt("{") ? try self.parseSelections(.inside, depth: depth + 1) : []
        return Document.Field(
            name: name,
            alias: alias,
            arguments: arguments,
            conditions: conditions,
            selections: selections,
            offset: offset
        )
    }

    private mutating func parseArguments(
        isConstant: Bool
    ) throws(Failure) -> [(name: String, value: GraphQLInput)] {
        var arguments: [(name: String, value: GraphQLInput)] = []
        guard try self.lexer.take("(") else { return [] }
        repeat {
            let name = try self.lexer.expectName()
            try self.lexer.expect(":")
            arguments.append((name, try self.parseValue(isConstant: isConstant, depth: 1)))
        } while try !self.lexer.take(")")
        return arguments
    }

    /// Of the directives those that decide whether a selection is there (3.13); the others are the server's.
    private mutating func parseDirectives() throws(Failure) -> [Document.Condition] {
        var conditions: [Document.Condition] = []
        while self.lexer.isAt("@") {
            let offset = self.lexer.start
            try self.lexer.advance()
            let name = try self.lexer.expectName()
            let arguments = try self.parseArguments(isConstant: false)
            guard name == "include" || name == "skip" else { continue }
            guard let value = arguments.first(where: { $0.name == "if" })?.value else {
                throw self.lexer.failure("Directive '@\(name)' needs the argument 'if'.", at: offset)
            }
            conditions.append(Document.Condition(isSkip: name == "skip", value: value))
        }
        return conditions
    }

    // MARK: - Values

    private mutating func parseValue(isConstant: Bool, depth: Int) throws(Failure) -> GraphQLInput {
        try self.checkDepth(depth)
        switch self.lexer.token {
        case .punctuation(UInt8(ascii: "$")) where !isConstant:
            try self.lexer.advance()
            return .variable(try self.lexer.expectName())
        case .number:
            let digits = self.lexer.word
            try self.lexer.advance()
            return .number(digits)
        case .string:
            let text = try self.lexer.unescaped()
            try self.lexer.advance()
            return .string(text)
        case .name:
            return .name(try self.lexer.expectName())
        case .punctuation(UInt8(ascii: "[")):
            try self.lexer.advance()
            var values: [GraphQLInput] = []
            while try !self.lexer.take("]") {
                values.append(try self.parseValue(isConstant: isConstant, depth: depth + 1))
            }
            return .list(values)
        case .punctuation(UInt8(ascii: "{")):
            try self.lexer.advance()
            var members: [GraphQLInput.Member] = []
            while try !self.lexer.take("}") {
                let name = try self.lexer.expectName()
                try self.lexer.expect(":")
                let value = try self.parseValue(isConstant: isConstant, depth: depth + 1)
                members.append(GraphQLInput.Member(name: name, value: value))
            }
            return .object(members)
        default:
            throw self.lexer.unexpected()
        }
    }

    private func checkDepth(_ depth: Int) throws(Failure) {
        guard depth <= Document.depthLimit else {
            throw self.lexer.failure("Nested deeper than \(Document.depthLimit) levels.")
        }
    }
}
