// SPDX-License-Identifier: Apache-2.0

/// Which redirects are followed (301, 302, 303, 307, 308).
public struct RedirectPolicy: Sendable, Hashable {
    /// None.
    public static let none = Self(limit: 0)

    /// How many, one after another. Never from an origin with TLS to one without.
    public var limit: Int
    /// Whether to other origins as well (RFC 6454). What may be a secret does not go there: of a WebSocket neither the headers nor
    /// the client certificate. Where one of its subprotocols may be a secret, the redirect is an error.
    public var acrossOrigins: Bool

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - limit: how many to follow, one after another.
    ///   - acrossOrigins: whether to other origins as well, without what may be a secret.
    public init(limit: Int = 5, acrossOrigins: Bool = true) {
        self.limit = limit
        self.acrossOrigins = acrossOrigins
    }
}
