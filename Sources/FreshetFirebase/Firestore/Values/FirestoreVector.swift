// SPDX-License-Identifier: Apache-2.0

/// Numbers that are looked for by their distance, such as the embedding of a text.
public struct FirestoreVector: Sendable, Hashable, Codable, ExpressibleByArrayLiteral {
    /// The numbers, 2048 at most.
    public let elements: [Double]

    /// Makes a vector.
    ///
    /// - Parameter elements: the numbers.
    public init(_ elements: [Double]) { self.elements = elements }

    /// Makes a vector of numbers.
    public init(arrayLiteral elements: Double...) { self.elements = elements }

    /// Reads it from a document; from any other format as an array.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` for what is none.
    public init(from decoder: any Decoder) throws {
        self.elements = try decoder.singleValueContainer().decode([Double].self)
    }

    /// Writes it into a document; into any other format as an array.
    ///
    /// - Parameter encoder: where to write to.
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.elements)
    }
}
