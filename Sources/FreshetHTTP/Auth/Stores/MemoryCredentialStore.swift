// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Credentials that end with the process.
public final class MemoryCredentialStore: CredentialStore {
    private let bytes = Locked<[String: [UInt8]]>([:])

    /// Makes an empty store.
    public init() {}

    /// What is under a name.
    public func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        self.bytes.withLock { $0[name] }
    }

    /// Puts bytes under a name.
    public func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        self.bytes.withLock { $0[name] = bytes }
    }

    /// Removes what is under a name.
    public func clear(_ name: String) async throws(FreshetError) {
        self.bytes.withLock { $0[name] = nil }
    }
}
