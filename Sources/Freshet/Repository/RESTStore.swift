// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import HTTPTypes

/// Objects of a REST server.
struct RESTStore<Model: Codable & Sendable & Identifiable>: RepositoryStore
where Model.ID: LosslessStringConvertible & Sendable {
    let client: HTTPClient
    let path: String
    let paging: Paging
    let live: (@Sendable (Model.ID) -> Feed<FeedEvent<Model>>)?

    private func path(of id: Model.ID) -> String {
        // An id is one step of the path, whatever is in it.
        let step = HTTPQuery.encoded(id.description)
        return self.path.hasSuffix("/") ? self.path + step : "\(self.path)/\(step)"
    }

    private static func condition(_ version: String?) -> HTTPFields {
        var headers: HTTPFields = [:]
        headers[.ifMatch] = version
        return headers
    }

    func get(_ id: Model.ID) async throws(FreshetError) -> Versioned<Model> {
        let reply = try await self.client.reply(to: .get, self.path(of: id), headers: [.accept: "application/json"])
        return Versioned(value: try reply.decoded(as: Model.self), version: reply.response.headerFields[.eTag])
    }

    func pages(_ query: HTTPQuery, size: Int?) -> any RepositoryPages<Model> {
        RESTPages(self.client, at: self.path, paging: self.paging, query: query, size: size)
    }

    func create(
        _ draft: some Encodable & Sendable,
        idempotencyKey: String?
    ) async throws(FreshetError) -> Model {
        var headers: HTTPFields = [:]
        headers[.idempotencyKey] = idempotencyKey
        return try await self.client.post(self.path, json: draft, headers: headers)
    }

    func update(
        _ id: Model.ID,
        with changes: some Encodable & Sendable,
        ifVersion version: String?
    ) async throws(FreshetError) -> Model {
        try await self.client.patch(self.path(of: id), json: changes, headers: Self.condition(version))
    }

    func replace(_ model: Model, ifVersion version: String?) async throws(FreshetError) -> Model {
        try await self.client.put(self.path(of: model.id), json: model, headers: Self.condition(version))
    }

    func delete(_ id: Model.ID, ifVersion version: String?) async throws(FreshetError) {
        try await self.client.delete(self.path(of: id), headers: Self.condition(version))
    }

    func watch(_ id: Model.ID, pace: PollPace) -> Feed<FeedEvent<Model>> {
        if let live = self.live { return live(id) }
        let (client, path) = (self.client, self.path(of: id))
        return Feed.polling(pace) { validator in
            var headers: HTTPFields = [.accept: "application/json"]
            headers[.ifNoneMatch] = validator
            var call = try client.call(.get, path, headers: headers)
            call.collectsBody = true
            let reply = try await client.send(call)
            if validator != nil, reply.response.status == .notModified { return .unchanged }
            let answer = try await reply.checked(for: call)
            return .value(try answer.decoded(as: Model.self), validator: answer.response.headerFields[.eTag])
        }
    }

    func watchList(_ query: HTTPQuery, pace: PollPace) -> Feed<FeedEvent<[Model]>> {
        let list = RepositoryList { self.pages(query, size: nil) }
        return Feed.polling(pace) { _ in
            var models: [Model] = []
            for try await model in list { models.append(model) }
            return .value(models)
        }
    }
}
