// SPDX-License-Identifier: Apache-2.0

/// What a ``FaultProxy`` keeps, and where its chance comes from.
public struct FaultProxyConfiguration: Sendable, Hashable {
    /// Where chance comes from: jitter, the sizes of segments, where connections are cut. Each direction of each connection has
    /// chance of its own, so one does not change what happens to the others.
    public var seed: UInt64
    /// How many entries the log keeps: the newest ones.
    public var logLimit: Int
    /// How many bytes of each text frame the log keeps.
    public var textLimit: Int
    /// Whether clients may offer permessage-deflate to the server. The proxy takes the offer out of the upgrade otherwise, since
    /// rules cannot find text in what is compressed. Nothing else that passes is changed without a fault.
    public var allowsCompression: Bool
    /// Whose certificates clients are shown: the proxy ends TLS then, and talks plain TCP to the server. Nil: TLS goes through, as
    /// any bytes.
    public var authority: TestAuthority?

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - seed: where chance comes from.
    ///   - logLimit: how many entries the log keeps.
    ///   - textLimit: how many bytes of each text frame the log keeps.
    ///   - allowsCompression: whether clients may offer permessage-deflate to the server.
    ///   - authority: whose certificates clients are shown; the proxy ends TLS then.
    public init(
        seed: UInt64 = 0,
        logLimit: Int = 10_000,
        textLimit: Int = 0,
        allowsCompression: Bool = false,
        authority: TestAuthority? = nil
    ) {
        self.seed = seed
        self.logLimit = logLimit
        self.textLimit = textLimit
        self.allowsCompression = allowsCompression
        self.authority = authority
    }
}
