// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore

/// Credentials in the user's keyring, by the Secret Service of freedesktop.org: GNOME Keyring, KWallet, KeePassXC.
///
/// It needs libsecret, which is loaded when it is used, and a D-Bus session. Where one of them is missing its calls
/// throw `.credentials`, and say which. A locked keyring may ask the user for its password; after 60 s a call fails.
public struct SecretServiceStore: CredentialStore {
    private let application: String

    /// Makes a store; the keyring is not touched before it is used.
    ///
    /// - Parameter application: whose credentials they are, as the keyring shows it.
    public init(application: String = "freshet") {
        self.application = application
    }

    /// What the keyring has under a name.
    public func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        let attributes = self.attributes(name)
        let text = try await self.run { library throws(FreshetError) in try library.get().lookup(attributes) }
        guard let text else { return nil }
        guard let data = Data(base64Encoded: text) else {
            throw FreshetError(.decoding, "what the keyring has as \"\(name)\" was not saved by this program")
        }
        return Array(data)
    }

    /// Puts bytes into the default keyring, in base 64: it keeps texts.
    public func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        let attributes = self.attributes(name)
        let text = Data(bytes).base64EncodedString()
        let label = "\(self.application): \(name)"
        try await self.run { library throws(FreshetError) in try library.get().store(text, label: label, attributes) }
    }

    /// Removes what the keyring has under a name. It is not unlocked for that: a locked one that has something throws.
    public func clear(_ name: String) async throws(FreshetError) {
        if let absence = try await self.clearIfThere(name) { throw absence }
    }

    private func attributes(_ name: String) -> [String: String] {
        ["xdg:schema": "org.freshet.Credentials", "application": self.application, "name": name]
    }

    private func run<Value: Sendable>(
        _ body: @escaping @Sendable (Result<LibSecret, FreshetError>) throws(FreshetError) -> Value
    ) async throws(FreshetError) -> Value {
        let late = FreshetError(
            .timeout(.credentials),
            "the keyring did not answer within 60 s",
            hint: "it may be locked, and nobody there to unlock it"
        )
        return try await Blocking.run(within: (.seconds(60), late)) {
            Result { () throws(FreshetError) in try body(LibSecret.loaded) }
        }
    }
}

extension SecretServiceStore: KeyringStore {
    func clearIfThere(_ name: String) async throws(FreshetError) -> FreshetError? {
        let attributes = self.attributes(name)
        return try await self.run { library throws(FreshetError) -> FreshetError? in
            switch library {
            case .success(let library): return try library.clear(attributes)
            // Without it there is no keyring for this program.
            case .failure(let absence): return absence
            }
        }
    }
}
