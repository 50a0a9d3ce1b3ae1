// SPDX-License-Identifier: Apache-2.0

/// A credential as an ``AuthSession`` hands it out: which one of its credentials it is, and how long it is still good
/// for.
public struct AuthLease<Credential: AuthCredential>: Sendable {
    /// The credential.
    public let credential: Credential

    /// Counts credentials of a session, upwards: a refusal of an older one than the present says nothing about the
    /// present one.
    public let generation: UInt64

    /// The generation with which the user signed in.
    package let login: UInt64

    /// How long it is good for from when it was handed out; nil where nobody knows.
    public let lifetime: Duration?
}
