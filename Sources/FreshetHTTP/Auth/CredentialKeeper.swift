// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// A session's place in a store. What is written is written in the order in which it happened, while the session goes
/// on.
struct CredentialKeeper<Credential: AuthCredential>: Sendable {
    typealias Stored = StoredCredential<Credential>

    private let store: any CredentialStore
    private let name: String
    /// The last writing, and what was wrong with it.
    private var writing: Task<FreshetError?, Never>?

    init(store: any CredentialStore, name: String) {
        self.store = store
        self.name = name
    }

    func load() async throws(FreshetError) -> Stored? {
        guard let bytes = try await self.store.load(self.name) else { return nil }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)) else {
            throw FreshetError(
                .decoding,
                "what is stored as the credentials \"\(self.name)\" are no such credentials",
                hint: "sign out or in: both replace them"
            )
        }
        return stored
    }

    mutating func save(_ stored: Stored, failed: @escaping @Sendable (FreshetError) -> Void) {
        self.write(failed) { store, name throws(FreshetError) in
            guard let data = try? JSONEncoder().encode(stored) else {
                throw FreshetError(.invalidInput, "a \(Credential.self) cannot be written as JSON")
            }
            try await store.save(Array(data), as: name)
        }
    }

    mutating func clear(failed: @escaping @Sendable (FreshetError) -> Void) {
        self.write(failed) { store, name throws(FreshetError) in try await store.clear(name) }
    }

    /// Returns when everything is written, and what was wrong with the last of it.
    func settled() async -> FreshetError? {
        await self.writing?.value
    }

    private mutating func write(
        _ failed: @escaping @Sendable (FreshetError) -> Void,
        _ body: @escaping @Sendable (any CredentialStore, String) async throws(FreshetError) -> Void
    ) {
        let (store, name, before) = (self.store, self.name, self.writing)
        self.writing = Task {
            _ = await before?.value
            do throws(FreshetError) {
                try await body(store, name)
                return nil
            } catch {
                failed(error)
                return error
            }
        }
    }
}
