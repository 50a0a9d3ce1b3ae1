// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetHTTP

/// A place in a database: the keys that lead to it.
package struct RealtimePath: Sendable, Hashable {
    package let keys: [String]

    package init(keys: [String]) { self.keys = keys }

    /// Reads a path as people and servers write it; slashes that are doubled, or at the ends, mean nothing.
    package init(_ text: String) {
        self.keys = text.split(separator: "/").map(String.init)
    }

    /// The deepest place, in keys.
    private static let depthLimit = 32

    /// Checks a path that a user gave.
    ///
    /// - Throws: `.invalidInput` when there cannot be such a place.
    package func check() throws(FreshetError) {
        guard self.keys.first != ".info" else {
            throw FreshetError(
                .invalidInput,
                "what is below .info is no part of the database",
                hint: "connected and clockOffset of the RealtimeDatabase say it"
            )
        }
        for key in self.keys { try RealtimeKey.check(key) }
        guard self.keys.count > Self.depthLimit else { return }
        throw FreshetError(.invalidInput, "a path has more than \(Self.depthLimit) keys")
    }

    /// As the server wants it.
    package var text: String { "/" + self.keys.joined(separator: "/") }

    /// As a URL wants it, with `.json` at its end.
    package var resource: String { self.keys.map { HTTPQuery.encoded($0) }.joined(separator: "/") + ".json" }

    package func appending(_ other: RealtimePath) -> RealtimePath { RealtimePath(keys: self.keys + other.keys) }

    /// The rest of a path that leads through this place; nil of one that does not.
    package func rest(of other: RealtimePath) -> ArraySlice<String>? {
        other.keys.starts(with: self.keys) ? other.keys[self.keys.count...] : nil
    }
}
