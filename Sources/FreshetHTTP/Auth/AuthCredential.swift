// SPDX-License-Identifier: Apache-2.0

/// What shows the server who calls: a token, a cookie, a key. It is stored as its `Codable` form.
public protocol AuthCredential: Sendable, Codable {
    /// How long it is good for; asked for once, when it has just been received.
    var life: CredentialLife { get }
}
