// SPDX-License-Identifier: Apache-2.0

public import FreshetTransport

/// What a ``FaultProxy`` that ends TLS is like for connections that begin from now on. One that has begun keeps what it has.
public struct TLSConditions: Sendable, Hashable {
    /// What is shown to clients.
    public enum Certificate: String, Sendable, Hashable {
        /// One that is right: of the authority, for `127.0.0.1`, `::1` and `localhost`.
        case good
        /// One whose time was over an hour ago (`tls.expired`), or that begins in an hour.
        case expired, notYetValid
        /// One for `elsewhere.invalid` (`tls.wrong-host`).
        case wrongHost
        /// One of another authority (`tls.unknown-ca`), or of none.
        case unknownAuthority, selfSigned
    }

    /// What is shown to clients.
    public var certificate = Certificate.good

    /// Whether clients have to show a certificate of the same authority (`tls.client-cert-required`), as
    /// ``TestAuthority/identity(for:from:until:)`` makes it.
    public var requiresClientCertificate = false

    /// Whether a client's hello is taken and never answered (`tls.handshake-stall`).
    public var stallsHandshake = false

    /// The only version that is spoken; nil: 1.2 and 1.3.
    public var version: TLSConfiguration.Version?

    /// Makes TLS without faults.
    public init() {}
}
