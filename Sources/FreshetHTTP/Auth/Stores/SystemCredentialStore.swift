// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// The best place that this machine has: the Keychain on Apple systems; elsewhere the user's keyring, or a file where
/// there is no keyring, as on a server.
///
/// What was saved in the file while there was no keyring is found there later. What is saved in the keyring is removed
/// from the file.
public struct SystemCredentialStore: CredentialStore {
    private let keyring: any CredentialStore
    private let file: any CredentialStore

    /// Makes a store.
    ///
    /// - Parameter application: whose credentials they are, as the keyring shows it.
    /// - Throws: `.credentials` when there is no place for a file either.
    public init(application: String = "freshet") throws(FreshetError) {
        #if canImport(Security)
        self.init(keyring: KeychainStore(service: application), file: try FileCredentialStore())
        #else
        self.init(keyring: SecretServiceStore(application: application), file: try FileCredentialStore())
        #endif
    }

    init(keyring: any CredentialStore, file: any CredentialStore) {
        self.keyring = keyring
        self.file = file
    }

    /// What the keyring has, or else the file.
    public func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        let kept: [UInt8]?? = try? await self.keyring.load(name)
        if case .some(.some(let bytes)) = kept { return bytes }
        return try await self.file.load(name)
    }

    /// Puts bytes into the keyring, or else into the file.
    public func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        do throws(FreshetError) {
            try await self.keyring.save(bytes, as: name)
        } catch {
            return try await self.file.save(bytes, as: name)
        }
        try await self.file.clear(name)
    }

    /// Removes what both have. A keyring that is not there has nothing.
    public func clear(_ name: String) async throws(FreshetError) {
        try? await self.keyring.clear(name)
        try await self.file.clear(name)
    }
}
