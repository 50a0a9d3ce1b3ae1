// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// The pages of a list, from the first to the last.
package protocol RepositoryPages<Model> {
    associatedtype Model

    /// The next page; nil after the last one.
    mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> [Model]?
}
