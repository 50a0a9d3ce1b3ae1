// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What the cache has to say to a query.
package struct GraphQLCacheRead: Sendable {
    /// The result's `data`; nil when any part of it is missing.
    package let data: Bytes?
    /// What is missing, in words.
    package let missing: String?
    /// What it depends on, or what would have to come first; a key may come several times.
    package let dependencies: [GraphQLCacheKey]
}
