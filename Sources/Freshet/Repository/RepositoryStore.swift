// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetHTTP

/// Where a repository's objects are: on a REST server, or in documents. What the calls mean, ``Repository`` says.
package protocol RepositoryStore<Model>: Sendable {
    associatedtype Model: Codable & Sendable & Identifiable
    where Model.ID: LosslessStringConvertible & Sendable

    func get(_ id: Model.ID) async throws(FreshetError) -> Versioned<Model>

    /// The pages of a list; each iteration begins with the first.
    func pages(_ query: HTTPQuery, size: Int?) -> any RepositoryPages<Model>

    func create(
        _ draft: some Encodable & Sendable,
        idempotencyKey: String?
    ) async throws(FreshetError) -> Model

    func update(
        _ id: Model.ID,
        with changes: some Encodable & Sendable,
        ifVersion version: String?
    ) async throws(FreshetError) -> Model

    func replace(_ model: Model, ifVersion version: String?) async throws(FreshetError) -> Model

    func delete(_ id: Model.ID, ifVersion version: String?) async throws(FreshetError)

    func watch(_ id: Model.ID, pace: PollPace) -> Feed<FeedEvent<Model>>

    func watchList(_ query: HTTPQuery, pace: PollPace) -> Feed<FeedEvent<[Model]>>
}
