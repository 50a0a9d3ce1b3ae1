// SPDX-License-Identifier: Apache-2.0

/// What comes after the `?` of a URL, in order: `["tag": "a b", "limit": 10]`. What is nil is left out.
public struct HTTPQuery: Sendable, ExpressibleByDictionaryLiteral {
    /// Names and values, not encoded yet.
    public var items: [(name: String, value: String)]

    /// No query.
    public init() { self.items = [] }

    /// Names and values; a name may come more than once.
    ///
    /// - Parameter elements: texts, numbers or booleans; nil is left out.
    public init(dictionaryLiteral elements: (String, (any LosslessStringConvertible & Sendable)?)...) {
        self.items = elements.compactMap { name, value in value.map { (name, $0.description) } }
    }

    /// Adds an item at the end.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - value: its value.
    public mutating func append(_ name: String, _ value: some LosslessStringConvertible) {
        self.items.append((name, value.description))
    }

    /// As it is written in a URL (RFC 3986 3.4), without the `?`.
    var text: String {
        self.items.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    /// A text as one name or value, or as one step of a path.
    package static func encoded(_ text: String) -> String { PercentEncoding.encoded(text) { $0.isUnreserved } }
}
