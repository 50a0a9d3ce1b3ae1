// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetHTTP

/// The keyring if there is one, else a file.
@Suite struct SystemCredentialStoreTests {
    private let keyring = MemoryCredentialStore()
    private let file = MemoryCredentialStore()

    @Test("With a keyring, it has them, and the file has not any more")
    func withKeyring() async throws {
        try await self.file.save([1], as: "a")
        let store = SystemCredentialStore(keyring: self.keyring, file: self.file)
        #expect(try await store.load("a") == [1])
        try await store.save([2], as: "a")
        #expect(try await self.keyring.load("a") == [2])
        #expect(try await self.file.load("a") == nil)
        #expect(try await store.load("a") == [2])
    }

    @Test("Without one, the file has them")
    func withoutKeyring() async throws {
        let store = SystemCredentialStore(keyring: BrokenStore(), file: self.file)
        #expect(try await store.load("a") == nil)
        try await store.save([1], as: "a")
        #expect(try await store.load("a") == [1])
        try await store.clear("a")
        #expect(try await self.file.load("a") == nil)
    }

    @Test("Clearing clears both")
    func clear() async throws {
        try await self.file.save([1], as: "a")
        try await self.keyring.save([2], as: "a")
        try await SystemCredentialStore(keyring: self.keyring, file: self.file).clear("a")
        #expect(try await self.file.load("a") == nil)
        #expect(try await self.keyring.load("a") == nil)
    }
}
