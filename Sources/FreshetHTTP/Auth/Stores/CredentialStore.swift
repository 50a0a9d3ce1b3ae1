// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Where credentials outlive the process: bytes under a name.
///
/// | store | where | who can read it |
/// |---|---|---|
/// | ``MemoryCredentialStore`` | nowhere | this process, until it ends |
/// | ``FileCredentialStore`` | a file with mode 0600 | this user, and root |
/// | ``SecretServiceStore`` | GNOME Keyring, KWallet, KeePassXC, by libsecret | this user, while the keyring is unlocked |
/// | `KeychainStore` | the Keychain of Apple systems | this app |
/// | ``SystemCredentialStore`` | the keyring if there is one, else a file | as above |
///
/// One process at a time for each name: what two of them renew, they take from each other.
public protocol CredentialStore: Sendable {
    /// What is under a name.
    ///
    /// - Parameter name: the name.
    /// - Returns: the bytes; nil where there is nothing.
    /// - Throws: `.credentials` when the store is not to be read or not to be trusted, and what to do.
    func load(_ name: String) async throws(FreshetError) -> [UInt8]?

    /// Puts bytes under a name: all of them, or the old ones stay.
    ///
    /// - Parameters:
    ///   - bytes: the bytes.
    ///   - name: the name.
    /// - Throws: `.credentials` when that cannot be done.
    func save(_ bytes: [UInt8], as name: String) async throws(FreshetError)

    /// Removes what is under a name, if there is anything.
    ///
    /// - Parameter name: the name.
    /// - Throws: `.credentials` when that cannot be done.
    func clear(_ name: String) async throws(FreshetError)
}
