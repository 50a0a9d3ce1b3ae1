// SPDX-License-Identifier: Apache-2.0

#if canImport(Security)
import CoreFoundation
public import FreshetCore
import Security

/// Credentials in the Keychain of Apple systems, readable by this app after the first unlock, and on this device alone.
public struct KeychainStore: CredentialStore {
    private let service: String

    /// Makes a store; the Keychain is not touched before it is used.
    ///
    /// - Parameter service: whose credentials they are.
    public init(service: String = "freshet") {
        self.service = service
    }

    /// What the Keychain has under a name.
    public func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        let service = self.service
        return try await Blocking.run {
            let query = KeychainQuery(service: service, name: name)
            query.set(kSecReturnData, kCFBooleanTrue)
            var found: CFTypeRef?
            let status = unsafe SecItemCopyMatching(query.dictionary, &found)
            switch status {
            case errSecItemNotFound: return .success(nil)
            case errSecSuccess: return .success(KeychainQuery.bytes(of: found))
            default: return .failure(Self.error("read", status))
            }
        }
    }

    /// Puts bytes into the Keychain.
    public func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        let service = self.service
        try await Blocking.run {
            let query = KeychainQuery(service: service, name: name)
            let change = KeychainQuery()
            let data = unsafe CFDataCreate(kCFAllocatorDefault, bytes, bytes.count)
            change.set(kSecValueData, data)
            var status = SecItemUpdate(query.dictionary, change.dictionary)
            if status == errSecItemNotFound {
                query.set(kSecValueData, data)
                query.set(kSecAttrAccessible, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly)
                status = unsafe SecItemAdd(query.dictionary, nil)
            }
            return status == errSecSuccess ? .success(()) : .failure(Self.error("write", status))
        }
    }

    /// Removes what the Keychain has under a name.
    public func clear(_ name: String) async throws(FreshetError) {
        if let absence = try await self.clearIfThere(name) { throw absence }
    }

    private static func error(_ what: String, _ status: OSStatus) -> FreshetError {
        FreshetError(
            .credentials,
            "the Keychain cannot \(what) the credentials (OSStatus \(status))",
            hint: "`security error \(status)` says what that means"
        )
    }
}

extension KeychainStore: KeyringStore {
    func clearIfThere(_ name: String) async throws(FreshetError) -> FreshetError? {
        let service = self.service
        return try await Blocking.run {
            let status = SecItemDelete(KeychainQuery(service: service, name: name).dictionary)
            switch status {
            case errSecSuccess, errSecItemNotFound: return .success(nil)
            // There is none, or it is not for this program.
            case errSecNotAvailable, errSecMissingEntitlement: return .success(Self.error("clear", status))
            default: return .failure(Self.error("clear", status))
            }
        }
    }
}
#endif
