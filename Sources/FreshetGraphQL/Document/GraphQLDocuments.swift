// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Documents that were parsed, by their text: an app asks the same few again and again.
package struct GraphQLDocuments: Sendable {
    /// More than that many are not the same few: then it begins anew.
    private static let limit = 256

    private var known: [String: GraphQLDocument] = [:]

    package init() {}

    /// The document with `__typename` in every selection set, as it is to be sent.
    ///
    /// - Throws: `.invalidInput`, with line and column, when it is no document.
    package mutating func document(_ text: String) throws(FreshetError) -> GraphQLDocument {
        if let document = self.known[text] { return document }
        do throws(GraphQLDocument.Failure) {
            let document = try GraphQLDocument(text).withTypenames()
            if self.known.count >= Self.limit { self.known.removeAll() }
            self.known[text] = document
            return document
        } catch {
            throw error.error
        }
    }
}
