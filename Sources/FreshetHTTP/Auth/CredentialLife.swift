// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// How long a credential is good for.
public enum CredentialLife: Sendable, Hashable {
    /// Nobody knows: it is renewed when the server refuses it.
    case unknown
    /// So long from when it was received. This machine's clock does not matter: say it so wherever you can.
    case lasts(Duration)
    /// Until then, by this machine's clock.
    case ends(Date)
}
