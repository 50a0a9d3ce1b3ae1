// SPDX-License-Identifier: Apache-2.0

/// How servers prove who they are.
public struct TLSConfiguration: Sendable, Hashable {
    /// A PEM file of certificate authorities to trust instead of the system's. It is read once for each event loop.
    public var certificateAuthorityFile: String?

    /// Accepts any certificate for any name. Only for tests: whoever is in between can read and change everything.
    public var acceptsAnyCertificate: Bool

    /// Makes a configuration; by default the system's certificate authorities are trusted and names are checked.
    ///
    /// - Parameters:
    ///   - certificateAuthorityFile: a PEM file of authorities to trust instead of the system's.
    ///   - acceptsAnyCertificate: true switches every check off.
    public init(certificateAuthorityFile: String? = nil, acceptsAnyCertificate: Bool = false) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.acceptsAnyCertificate = acceptsAnyCertificate
    }
}
