// SPDX-License-Identifier: Apache-2.0

/// Where a feed stands, to go on from there: in this process after a drop, or in another one.
///
/// Opaque: what it contains is the source's business. Save it as JSON, or with any other `Encoder`.
public struct Position: Sendable, Hashable, Codable {
    /// The source's own token: a cursor, a revision, a sequence number.
    package let value: JSONValue

    package init(_ value: JSONValue) {
        self.value = value
    }

    /// Makes a position, as a source does of its server's token.
    ///
    /// - Parameter text: the token.
    public init(text: String) {
        self.value = .string(text)
    }

    /// The token of a position that was made of text; nil of another.
    public var text: String? {
        if case .string(let text) = self.value { text } else { nil }
    }

    /// Makes a position of a number, which has an order: a server that goes on before it is noticed.
    ///
    /// - Parameter number: a sequence number, a revision.
    public init(number: Int64) {
        self.value = .integer(number)
    }

    /// The number of a position that was made of one; nil of another.
    public var number: Int64? {
        if case .integer(let number) = self.value { number } else { nil }
    }

    /// Reads a position that was saved.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` when it is not one.
    public init(from decoder: any Decoder) throws {
        self.value = try decoder.singleValueContainer().decode(JSONValue.self)
    }

    /// Saves the position.
    ///
    /// - Parameter encoder: where to write to.
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.value)
    }
}

extension Position {
    /// Whether this one is certainly earlier. Only whole numbers have an order; everything else is opaque.
    package func isBefore(_ other: Position) -> Bool {
        guard case .integer(let left) = self.value, case .integer(let right) = other.value else { return false }
        return left < right
    }
}
