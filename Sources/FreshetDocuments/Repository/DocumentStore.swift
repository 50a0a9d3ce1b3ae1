// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetHTTP

/// Objects that are documents.
struct DocumentStore<Documents: DocumentCollection>: RepositoryStore
where
    Documents.Value: Codable & Identifiable,
    Documents.Value.ID: LosslessStringConvertible & Sendable
{
    typealias Model = Documents.Value

    let documents: Documents
    private static var attempts: Int { 5 }

    func get(_ id: Model.ID) async throws(FreshetError) -> Versioned<Model> {
        let document = try await self.documents.get(id.description)
        return Versioned(value: document.value, version: document.version)
    }

    func pages(_ query: HTTPQuery, size: Int?) -> any RepositoryPages<Model> {
        DocumentPage(documents: self.documents, query: query)
    }

    func create(
        _ draft: some Encodable & Sendable,
        idempotencyKey: String?
    ) async throws(FreshetError) -> Model {
        let model: Model
        if let draft = draft as? Model {
            model = draft
        } else {
            model = try Self.model(JSONPatch.json(of: draft))
        }
        try await self.documents.create(model.id.description, model)
        return model
    }

    func update(
        _ id: Model.ID,
        with changes: some Encodable & Sendable,
        ifVersion version: String?
    ) async throws(FreshetError) -> Model {
        let patch = try JSONPatch.json(of: changes)
        var attempts = 0
        while true {
            attempts += 1
            let now = try await self.documents.get(id.description)
            let model = try Self.model(JSONPatch.apply(patch, to: try JSONPatch.json(of: now.value)))
            do throws(FreshetError) {
                try await self.documents.update(id.description, model, ifVersion: version ?? now.version)
                return model
            } catch {
                guard case .conflict = error.kind, version == nil, attempts < Self.attempts else { throw error }
            }
        }
    }

    func replace(_ model: Model, ifVersion version: String?) async throws(FreshetError) -> Model {
        let key = model.id.description
        if let version {
            try await self.documents.update(key, model, ifVersion: version)
        } else {
            try await self.documents.put(key, model)
        }
        return model
    }

    func delete(_ id: Model.ID, ifVersion version: String?) async throws(FreshetError) {
        try await self.documents.delete(id.description, ifVersion: version)
    }

    func watch(_ id: Model.ID, pace: PollPace) -> Feed<FeedEvent<Model>> {
        let key = id.description
        return self.documents.watch(document: key).compactMap {
            { event throws(FreshetError) in
                switch event {
                case .snapshot(let snapshot):
                    guard let document = snapshot.documents.first else { throw Self.missing(key) }
                    return .snapshot(document.value)
                case .update(let changes):
                    guard let last = changes.last else { return nil }
                    guard let document = last.document else { throw Self.missing(key) }
                    return .update(document.value)
                case .gap(let gap): return .gap(gap)
                }
            }
        }
    }

    func watchList(_ query: HTTPQuery, pace: PollPace) -> Feed<FeedEvent<[Model]>> {
        self.documents.watch(from: .snapshot).compactMap {
            var models: [String: Model] = [:]
            return { event throws(FreshetError) in
                guard query.items.isEmpty else { throw DocumentPage<Documents>.noQuery }
                switch event {
                case .snapshot(let snapshot):
                    models = Dictionary(snapshot.documents.map { ($0.key, $0.value) }) { _, last in last }
                case .update(let changes):
                    if changes.isEmpty { return nil }
                    for change in changes { models[change.key] = change.document?.value }
                case .gap(let gap): return .gap(gap)
                }
                return .snapshot(models.sorted { $0.key < $1.key }.map(\.value))
            }
        }
    }

    private static func missing(_ key: String) -> FreshetError {
        FreshetError(.notFound, "there is no document \(key)")
    }

    private static func model(_ json: JSONValue) throws(FreshetError) -> Model {
        do {
            return try JSONDecoder().decode(Model.self, from: JSONEncoder().encode(json))
        } catch {
            throw FreshetError(
                .invalidInput,
                "what is to be written is no \(Model.self): \(FreshetError.decoding(error, of: Model.self).message)",
                hint: "a document's name is its object's id, so that has to be in it"
            )
        }
    }
}
