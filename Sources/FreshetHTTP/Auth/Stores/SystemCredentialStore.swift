// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// The best place that this machine has: the Keychain on Apple systems; elsewhere the user's keyring, or a file where
/// there is no keyring, as on a server.
///
/// What was saved in the file while the keyring was not there, or locked, is found there later, and before what the
/// keyring still has from before. What is saved in the keyring is removed from the file.
public struct SystemCredentialStore: CredentialStore {
    private let keyring: any KeyringStore
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

    init(keyring: any KeyringStore, file: any CredentialStore) {
        self.keyring = keyring
        self.file = file
    }

    /// What the file has, or else the keyring.
    public func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        // Whatever the keyring takes is removed from the file, so what is there is newer.
        if let bytes = try await self.file.load(name) { return bytes }
        return try? await self.keyring.load(name)
    }

    /// Puts bytes into the keyring, or else into the file. That the file cannot be removed then is thrown: it would be
    /// found before the keyring.
    public func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        do throws(FreshetError) {
            try await self.keyring.save(bytes, as: name)
        } catch {
            return try await self.file.save(bytes, as: name)
        }
        try await self.file.clear(name)
    }

    /// Removes what both have. A keyring that is not there has nothing; one that is locked, or does not answer, may have
    /// something, and that is thrown when the file is cleared.
    public func clear(_ name: String) async throws(FreshetError) {
        var failure: FreshetError?
        do throws(FreshetError) {
            try await self.file.clear(name)
        } catch {
            failure = error
        }
        do throws(FreshetError) {
            _ = try await self.keyring.clearIfThere(name)
        } catch {
            failure = failure ?? error
        }
        if let failure { throw failure }
    }
}
