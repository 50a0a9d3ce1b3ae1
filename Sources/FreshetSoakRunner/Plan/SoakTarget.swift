// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A GraphQL server of somebody's, and what is subscribed to there.
package struct SoakTarget: Sendable {
    package var url: String
    package var query: String
    package var variables: [String: JSONValue] = [:]
    /// The variable for the cursor and where the cursor is in a result, below `data`; nil: none.
    package var cursor: (variable: String, path: JSONPath)?
    /// Where a result has its number, which goes up by one with each.
    package var number: JSONPath
    /// For the upgrade.
    package var token: String?

    package init(url: String, query: String, number: JSONPath) {
        self.url = url
        self.query = query
        self.number = number
    }
}
