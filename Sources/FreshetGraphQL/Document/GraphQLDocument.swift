// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore

/// An executable document: operations and fragments (GraphQL specification, October 2021, 2.2).
///
/// Types and rules of a schema are not known here: those the server checks.
package struct GraphQLDocument: Sendable {
    /// How deep selection sets, fragments in one another and values may be: whoever walks them does so by recursion.
    package static let depthLimit = 100

    /// Why a text is no document, in the words of the reference implementation, and where.
    package struct Failure: Error, Equatable {
        package let message: String
        /// From 1.
        package let line: Int
        /// From 1, in Unicode scalars.
        package let column: Int
    }

    package struct Operation: Sendable {
        package let kind: OperationKind
        package let name: String?
        /// Of the variables that have one.
        package let defaults: [String: GraphQLInput]
        package let selections: [Selection]
    }

    package struct Fragment: Sendable {
        /// The type that it is a condition for.
        let type: String
        let selections: [Selection]
        let offset: Int
    }

    package enum Selection: Sendable {
        case field(Field)
        /// `...name`.
        case spread(String, conditions: [Condition], offset: Int)
        /// `... on type { }`, or without a type.
        case inline(type: String?, conditions: [Condition], [Selection])
    }

    package struct Field: Sendable {
        package let name: String
        package let alias: String?
        package let arguments: [(name: String, value: GraphQLInput)]
        let conditions: [Condition]
        package let selections: [Selection]
        /// Where it begins in the text, in bytes.
        package let offset: Int

        /// What the result calls it.
        package var responseKey: String { self.alias ?? self.name }
    }

    /// `@include(if:)` or `@skip(if:)`.
    package struct Condition: Sendable {
        let isSkip: Bool
        let value: GraphQLInput
    }

    /// Where a selection set begins that asks for no `__typename`.
    struct Opening {
        /// Just after its brace, in bytes.
        let offset: Int
        let place: Place

        enum Place: Equatable {
            /// At the top of a subscription, which may have one field only (5.2.3.1).
            case subscriptionRoot
            /// At the top of a fragment.
            case fragment(String)
            case inside
        }
    }

    package let text: String
    package let operations: [Operation]
    package let fragments: [String: Fragment]
    let openings: [Opening]

    /// Parses a document.
    package init(_ text: String) throws(Failure) {
        var parser = try GraphQLParser(text)
        try parser.parse()
        self.text = text
        self.operations = parser.operations
        self.fragments = parser.fragments
        self.openings = parser.openings
        try self.checkFragments()
    }

    /// The place of an offset in the text.
    package func failure(_ message: String, at offset: Int) -> Failure {
        Failure(message, in: Array(self.text.utf8), at: offset)
    }
}

extension GraphQLDocument.Failure {
    init(_ message: String, in text: [UInt8], at offset: Int) {
        let before = String(decoding: text.prefix(offset), as: UTF8.self).unicodeScalars
        var (line, column) = (1, 1)
        var last: Unicode.Scalar?
        for scalar in before {
            // A carriage return and a line feed are one end of a line (2.1.2).
            if scalar == "\r" || (scalar == "\n" && last != "\r") { line += 1 }
            column = scalar == "\r" || scalar == "\n" ? 1 : column + 1
            last = scalar
        }
        self.init(message: message, line: line, column: column)
    }

    /// As users see it.
    package var error: FreshetError {
        FreshetError(
            .invalidInput,
            "the GraphQL document cannot be read at line \(self.line), column \(self.column): \(self.message)",
            hint: "correct the document"
        )
    }
}
