// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// The way to a collection or a document in its database: `users`, `users/ada`, `users/ada/letters`.
package struct FirestorePath: Sendable, Hashable, CustomStringConvertible {
    package let parts: [String]

    package var description: String { self.parts.joined(separator: "/") }
    package var isDocument: Bool { self.parts.count % 2 == 0 }

    /// In a URL. Firestore takes a slash that is written `%2F` for one that divides, so no part has any.
    var encoded: String { self.parts.map { HTTPQuery.encoded($0) }.joined(separator: "/") }

    /// A path from `/` to `/`.
    ///
    /// - Throws: `.invalidInput` for one that Firestore does not have.
    init(_ text: String) throws(FreshetError) {
        self.parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        for part in self.parts { try Self.check(part) }
    }

    private init(parts: [String]) { self.parts = parts }

    /// What is one part, or several, below this.
    func appending(_ text: String) throws(FreshetError) -> FirestorePath {
        FirestorePath(parts: self.parts + (try FirestorePath(text).parts))
    }

    /// Where it is in; nil for a collection that is in no document.
    var parent: FirestorePath? { self.parts.count > 1 ? FirestorePath(parts: Array(self.parts.dropLast())) : nil }

    var last: String { self.parts.last ?? "" }

    func checkedAsDocument() throws(FreshetError) -> FirestorePath {
        guard self.isDocument else {
            throw FreshetError(
                .invalidInput,
                "\(self.description.prefix(100)) is the path of a collection, not of a document",
                hint: "a document's path has an even number of parts: users/ada"
            )
        }
        return self
    }

    func checkedAsCollection() throws(FreshetError) -> FirestorePath {
        guard !self.isDocument else {
            throw FreshetError(
                .invalidInput,
                "\(self.description.prefix(100)) is the path of a document, not of a collection",
                hint: "a collection's path has an odd number of parts: users, or users/ada/letters"
            )
        }
        return self
    }

    private static func check(_ part: String) throws(FreshetError) {
        let what: String
        switch part {
        case "": what = "a part of the path is empty"
        case ".", "..": what = "no part of a path is \(part)"
        case _ where part.utf8.count > 1500: what = "a part of the path has more than 1500 bytes"
        case _ where part.hasPrefix("__") && part.hasSuffix("__") && part.utf8.count >= 4:
            what = "names between two pairs of underscores are Firestore's own: \(part.prefix(40))"
        default: return
        }
        throw FreshetError(.invalidInput, what, hint: "a path is written like users/ada")
    }
}
