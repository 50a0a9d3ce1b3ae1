// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetHTTP

/// The keyring if there is one, else a file.
@Suite struct SystemCredentialStoreTests {
    private let keyring = TestKeyring()
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
        let store = SystemCredentialStore(keyring: TestKeyring(.absent), file: self.file)
        #expect(try await store.load("a") == nil)
        try await store.save([1], as: "a")
        #expect(try await store.load("a") == [1])
        try await store.clear("a")
        #expect(try await self.file.load("a") == nil)
    }

    @Test("What was saved while the keyring was locked is newer than what it has, and goes there with the next saving")
    func lockedForAWhile() async throws {
        let store = SystemCredentialStore(keyring: self.keyring, file: self.file)
        try await store.save([1], as: "a")
        self.keyring.become(.locked)
        try await store.save([2], as: "a")
        #expect(try await store.load("a") == [2])
        self.keyring.become(.open)
        #expect(try await store.load("a") == [2])
        try await store.save([3], as: "a")
        #expect(try await self.keyring.load("a") == [3])
        #expect(try await self.file.load("a") == nil)
    }

    @Test("A file that cannot be removed, and would be found before the keyring, is told")
    func fileStays() async {
        let store = SystemCredentialStore(keyring: self.keyring, file: BrokenStore())
        let error = await #expect(throws: FreshetError.self) { try await store.save([1], as: "a") }
        #expect(error == BrokenStore.error)
        let unread = await #expect(throws: FreshetError.self) { try await store.load("a") }
        #expect(unread == BrokenStore.error)
    }

    @Test("Clearing clears both, each of them also when the other one cannot be; that is told")
    func clearFails() async throws {
        try await self.keyring.save([1], as: "a")
        try await self.file.save([2], as: "a")
        self.keyring.become(.locked)
        let locked = SystemCredentialStore(keyring: self.keyring, file: self.file)
        let error = await #expect(throws: FreshetError.self) { try await locked.clear("a") }
        #expect(error == TestKeyring.error)
        #expect(try await self.file.load("a") == nil)
        self.keyring.become(.open)
        let readOnly = SystemCredentialStore(keyring: self.keyring, file: BrokenStore())
        let other = await #expect(throws: FreshetError.self) { try await readOnly.clear("a") }
        #expect(other == BrokenStore.error)
        #expect(try await self.keyring.load("a") == nil)
    }

    @Test("Signing out while the keyring is locked says that the credentials are still there")
    func logout() async throws {
        let store = SystemCredentialStore(keyring: self.keyring, file: self.file)
        let harness = SessionHarness(store: store)
        try await harness.session.login(.test(1))
        self.keyring.become(.locked)
        let error = await #expect(throws: FreshetError.self) { try await harness.session.logout() }
        #expect(error == TestKeyring.error)
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
