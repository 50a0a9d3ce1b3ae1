// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// An access token, and what renews it (RFC 6749 1.4, 1.5; RFC 6750).
public struct BearerToken: AuthCredential, Hashable {
    /// What is sent: a secret.
    public var accessToken: String

    /// What it is renewed with, where the server gave one: a secret.
    public var refreshToken: String?

    /// How it is called in the `Authorization` field; "Bearer" as a rule.
    public var tokenType: String

    /// How long it is good for, as the server said when it gave it (`expires_in`, RFC 6749 5.1).
    public var expiresIn: Duration?

    /// Makes a token.
    ///
    /// - Parameters:
    ///   - accessToken: what is sent.
    ///   - refreshToken: what it is renewed with.
    ///   - tokenType: how it is called in the `Authorization` field.
    ///   - expiresIn: how long it is good for from now on, where the server said it.
    public init(
        accessToken: String,
        refreshToken: String? = nil,
        tokenType: String = "Bearer",
        expiresIn: Duration? = nil
    ) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.tokenType = tokenType
        self.expiresIn = expiresIn
    }

    /// What the server said, or the token itself if it is a JSON Web Token, and the shorter of both. A token that says
    /// only when it ends, and not when it was made, is judged by this machine's clock.
    public var life: CredentialLife {
        let claims = try? JSONWebToken(self.accessToken)
        switch (self.expiresIn, claims?.lifetime) {
        case (let said?, let claimed?): return .lasts(min(said, claimed))
        case (let said?, nil): return .lasts(said)
        case (nil, let claimed?): return .lasts(claimed)
        case (nil, nil): return claims?.expiresAt.map { .ends($0) } ?? .unknown
        }
    }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without its secrets.
    public var description: String {
        let refresh = self.refreshToken == nil ? "none" : "…"
        return "BearerToken(accessToken: …, refreshToken: \(refresh))"
    }

    /// The same.
    public var debugDescription: String { self.description }

    /// Nothing: `dump` would show the secrets.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
