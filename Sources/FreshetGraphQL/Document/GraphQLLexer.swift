// SPDX-License-Identifier: Apache-2.0

/// Cuts a GraphQL document into tokens (GraphQL specification, October 2021, 2.1).
struct GraphQLLexer {
    enum Token: Equatable {
        case name, number, string, spread, end
        case punctuation(UInt8)
    }

    let text: [UInt8]
    private(set) var token = Token.end
    /// Where the token is in the text; of a string, between its quotes.
    private(set) var range = 0..<0
    /// Where the token begins.
    private(set) var start = 0
    private var position = 0

    /// Begins with the first token.
    init(_ text: String) throws(GraphQLDocument.Failure) {
        self.text = Array(text.utf8)
        try self.advance()
    }

    var word: String { String(decoding: self.text[self.range], as: UTF8.self) }

    mutating func advance() throws(GraphQLDocument.Failure) {
        self.skipIgnored()
        self.start = self.position
        self.range = self.position..<self.position
        guard let byte = self.peek else {
            self.token = .end
            return
        }
        switch byte {
        case UInt8(ascii: "\""):
            self.token = .string
            try self.takeString()
        case UInt8(ascii: "."):
            guard self.starts("...") else { throw self.unexpectedCharacter() }
            self.token = .spread
            self.position += 3
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            self.token = .number
            try self.takeNumber()
            self.range = self.start..<self.position
        case _ where Self.beginsName(byte):
            self.token = .name
            while let byte = self.peek, Self.beginsName(byte) || Self.isDigit(byte) { self.position += 1 }
            self.range = self.start..<self.position
        default:
            guard "!$&()[]{}:=@|".utf8.contains(byte) else { throw self.unexpectedCharacter() }
            self.token = .punctuation(byte)
            self.position += 1
        }
    }

    // MARK: - What a parser asks for

    func isAt(_ character: Unicode.Scalar) -> Bool { self.token == .punctuation(UInt8(ascii: character)) }

    /// Whether the token is this word.
    func isAt(word: String) -> Bool { self.token == .name && self.text[self.range].elementsEqual(word.utf8) }

    mutating func take(_ character: Unicode.Scalar) throws(GraphQLDocument.Failure) -> Bool {
        guard self.isAt(character) else { return false }
        try self.advance()
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(GraphQLDocument.Failure) {
        guard try self.take(character) else { throw self.unexpected("Expected '\(character)', found") }
    }

    mutating func expectName() throws(GraphQLDocument.Failure) -> String {
        guard self.token == .name else { throw self.unexpected("Expected Name, found") }
        let name = self.word
        try self.advance()
        return name
    }

    func unexpected(_ words: String = "Unexpected") -> GraphQLDocument.Failure {
        switch self.token {
        case .end: self.failure("\(words) <EOF>.")
        case .punctuation(let byte): self.failure("\(words) '\(Unicode.Scalar(byte))'.")
        case .spread: self.failure("\(words) '...'.")
        case .name: self.failure("\(words) Name '\(self.word.prefix(40))'.")
        case .number, .string: self.failure("\(words) a value.")
        }
    }

    func failure(_ message: String, at offset: Int? = nil) -> GraphQLDocument.Failure {
        GraphQLDocument.Failure("Syntax Error: \(message)", in: self.text, at: offset ?? self.start)
    }

    // MARK: - Characters

    private var peek: UInt8? { self.position < self.text.count ? self.text[self.position] : nil }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func beginsName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    private func unexpectedCharacter() -> GraphQLDocument.Failure {
        let rest = self.text[self.position...].prefix(4)
        let character = String(decoding: rest, as: UTF8.self).unicodeScalars.first.map(String.init) ?? ""
        return self.failure("Unexpected character: \(character).", at: self.position)
    }

    /// White space, commas, comments, and the mark that some editors begin a file with.
    private mutating func skipIgnored() {
        while let byte = self.peek {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","): self.position += 1
            case UInt8(ascii: "#"):
                while let byte = self.peek, byte != 0x0A, byte != 0x0D { self.position += 1 }
            case 0xEF where self.starts("\u{FEFF}"): self.position += 3
            default: return
            }
        }
    }

    private mutating func takeNumber() throws(GraphQLDocument.Failure) {
        if self.peek == UInt8(ascii: "-") { self.position += 1 }
        let first = self.position
        try self.takeDigits()
        if self.text[first] == UInt8(ascii: "0"), self.position > first + 1 {
            throw self.failure("Invalid number, a digit after 0.", at: first + 1)
        }
        if self.peek == UInt8(ascii: ".") {
            self.position += 1
            try self.takeDigits()
        }
        if let byte = self.peek, byte | 0x20 == UInt8(ascii: "e") {
            self.position += 1
            if let sign = self.peek, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { self.position += 1 }
            try self.takeDigits()
        }
        if let byte = self.peek, byte == UInt8(ascii: ".") || Self.beginsName(byte) {
            throw self.failure("Invalid number, \(Unicode.Scalar(byte)) after it.", at: self.position)
        }
    }

    private mutating func takeDigits() throws(GraphQLDocument.Failure) {
        guard let byte = self.peek, Self.isDigit(byte) else {
            throw self.failure("Invalid number, expected a digit.", at: self.position)
        }
        while let byte = self.peek, Self.isDigit(byte) { self.position += 1 }
    }

    /// A string on one line, or a block between three quotes (2.9.4).
    private mutating func takeString() throws(GraphQLDocument.Failure) {
        let quotes = self.starts("\"\"\"") ? 3 : 1
        self.position += quotes
        let first = self.position
        while let byte = self.peek {
            if byte == UInt8(ascii: "\""), quotes == 1 || self.starts("\"\"\"") {
                self.range = first..<self.position
                self.position += quotes
                return
            }
            if quotes == 3 {
                self.position += self.starts("\\\"\"\"") ? 4 : 1
            } else {
                guard byte != 0x0A, byte != 0x0D else { break }
                self.position += byte == UInt8(ascii: "\\") ? 2 : 1
            }
        }
        throw self.failure("Unterminated string.")
    }

    private func starts(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { self.text[self.position...].starts(with: $0) }
    }
}
