// SPDX-License-Identifier: Apache-2.0

/// How servers prove who they are, and how we do.
public struct TLSConfiguration: Sendable, Hashable {
    /// Text in PEM form, from a file or from memory.
    public enum PEM: Sendable, Hashable {
        /// The path of a file. It is read when a loop first connects with this configuration, and not again.
        case file(String)
        /// The text itself.
        case text(String)
    }

    /// A client certificate, followed by the certificates that lead to its authority, and its private key.
    public struct Identity: Sendable, Hashable {
        /// The certificate and what leads to its authority.
        public var certificate: PEM
        /// The private key, not encrypted.
        public var key: PEM

        /// Makes an identity.
        ///
        /// - Parameters:
        ///   - certificate: the certificate and what leads to its authority.
        ///   - key: the private key, not encrypted.
        public init(certificate: PEM, key: PEM) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Versions of TLS.
    public enum Version: Int, Sendable, Hashable {
        /// TLS 1.2 (RFC 5246).
        case tls12 = 12
        /// TLS 1.3 (RFC 8446).
        case tls13 = 13
    }

    /// The certificate authorities to trust; nil: the system's.
    public var authorities: PEM?

    /// What to show a server that asks for a client certificate.
    public var identity: Identity?

    /// Public keys of which one must be in the server's chain, beside all other checks: the SHA-256 of a key's
    /// SubjectPublicKeyInfo, in base64, as in `curl --pinnedpubkey`. Empty: any key.
    public var pinnedPublicKeys: Set<String>

    /// The oldest version to speak.
    public var minimumVersion: Version

    /// The name to ask for (SNI) and to find in the certificate; nil: the host of the URL.
    public var serverName: String?

    /// Accepts any certificate for any name; pins still count. Without pins it is only for tests: whoever is in between can
    /// read and change everything.
    public var acceptsAnyCertificate: Bool

    /// Makes a configuration; by default the system's certificate authorities are trusted and names are checked.
    ///
    /// - Parameters:
    ///   - authorities: the certificate authorities to trust; nil: the system's.
    ///   - identity: what to show a server that asks for a client certificate.
    ///   - pinnedPublicKeys: SHA-256 of public keys, in base64, of which one must be in the server's chain.
    ///   - minimumVersion: the oldest version to speak.
    ///   - serverName: the name to ask for and to find in the certificate; nil: the host of the URL.
    ///   - acceptsAnyCertificate: true switches every check off but the pins.
    public init(
        authorities: PEM? = nil,
        identity: Identity? = nil,
        pinnedPublicKeys: Set<String> = [],
        minimumVersion: Version = .tls12,
        serverName: String? = nil,
        acceptsAnyCertificate: Bool = false
    ) {
        self.authorities = authorities
        self.identity = identity
        self.pinnedPublicKeys = pinnedPublicKeys
        self.minimumVersion = minimumVersion
        self.serverName = serverName
        self.acceptsAnyCertificate = acceptsAnyCertificate
    }
}

extension TLSConfiguration.PEM: CustomStringConvertible {
    /// The path; of a text only that it is one, since it may be a private key.
    public var description: String {
        switch self {
        case .file(let path): path
        case .text: "PEM text"
        }
    }
}
