// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Cuts a GraphQL document into tokens.
struct GraphQLLexer {
    enum Token: Equatable {
        case name(String)
        case number(JSONValue)
        case string(String)
        case punctuation(Character)
        case end
    }

    private let text: [Character]
    private var position = 0
    private var lineStart = 0
    private(set) var token = Token.end
    /// Where the token begins, from 1.
    private(set) var line = 1
    private(set) var column = 1

    /// Begins with the first token.
    init(_ text: String) throws(GraphQLDocument.Failure) {
        self.text = Array(text)
        try self.advance()
    }

    mutating func advance() throws(GraphQLDocument.Failure) {
        self.skipIgnored()
        self.column = self.position - self.lineStart + 1
        guard self.position < self.text.count else {
            self.token = .end
            return
        }
        let character = self.text[self.position]
        if character.isLetter || character == "_" {
            self.token = .name(self.take { $0.isLetter || $0.isNumber || $0 == "_" })
        } else if character.isNumber || character == "-" {
            let number = self.take { $0.isNumber || "+-.eE".contains($0) }
            guard let value = Int64(number).map(JSONValue.integer) ?? Double(number).map(JSONValue.number) else {
                throw self.failure("Invalid number \(number).")
            }
            self.token = .number(value)
        } else if character == "\"" {
            self.position += 1
            self.token = .string(self.take { $0 != "\"" })
            self.position += 1
        } else {
            guard "{}()[]:!$=@".contains(character) else { throw self.failure("Unexpected character: \(character).") }
            self.token = .punctuation(character)
            self.position += 1
        }
    }

    mutating func expect(_ character: Character) throws(GraphQLDocument.Failure) {
        guard self.token == .punctuation(character) else { throw self.unexpected("Expected '\(character)', found") }
        try self.advance()
    }

    mutating func expectName() throws(GraphQLDocument.Failure) -> String {
        guard case .name(let name) = self.token else { throw self.unexpected("Expected Name, found") }
        try self.advance()
        return name
    }

    func unexpected(_ words: String = "Unexpected") -> GraphQLDocument.Failure {
        switch self.token {
        case .end: self.failure("\(words) <EOF>.")
        case .punctuation(let character): self.failure("\(words) '\(character)'.")
        case .name(let name): self.failure("\(words) Name '\(name)'.")
        case .number, .string: self.failure("\(words) a value.")
        }
    }

    private func failure(_ message: String) -> GraphQLDocument.Failure {
        GraphQLDocument.Failure(message: "Syntax Error: \(message)", line: self.line, column: self.column)
    }

    private mutating func take(while isPart: (Character) -> Bool) -> String {
        let start = self.position
        while self.position < self.text.count, isPart(self.text[self.position]) { self.position += 1 }
        return String(self.text[start..<self.position])
    }

    private mutating func skipIgnored() {
        while self.position < self.text.count {
            let character = self.text[self.position]
            if character == "#" {
                while self.position < self.text.count, !self.text[self.position].isNewline { self.position += 1 }
            } else if character.isNewline {
                self.position += 1
                self.line += 1
                self.lineStart = self.position
            } else if character.isWhitespace || character == "," {
                self.position += 1
            } else {
                return
            }
        }
    }
}
