// SPDX-License-Identifier: Apache-2.0

@testable import FreshetHTTP

/// A keyring that can be locked, or not be there.
final class TestKeyring: KeyringStore {
    enum State: Sendable {
        case open, locked, absent
    }

    static let error = FreshetError(.credentials, "the keyring cannot be used")

    let store = MemoryCredentialStore()
    private let state: Locked<State>

    init(_ state: State = .open) { self.state = Locked(state) }

    func become(_ state: State) { self.state.withLock { $0 = state } }

    private func check() throws(FreshetError) {
        guard self.state.withLock({ $0 }) == .open else { throw Self.error }
    }

    func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        try self.check()
        return try await self.store.load(name)
    }

    func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        try self.check()
        try await self.store.save(bytes, as: name)
    }

    func clear(_ name: String) async throws(FreshetError) {
        try self.check()
        try await self.store.clear(name)
    }

    func clearIfThere(_ name: String) async throws(FreshetError) -> FreshetError? {
        if self.state.withLock({ $0 }) == .absent { return Self.error }
        try await self.clear(name)
        return nil
    }
}
