// SPDX-License-Identifier: Apache-2.0

import CFreshetTLS
public import FreshetCore
public import FreshetTransport
import FoundationEssentials

/// A certificate authority for tests: made at run time, in memory, known to nobody else.
///
/// ```swift
/// let authority = try TestAuthority()
/// let proxy = try FaultProxy(to: url, configuration: FaultProxyConfiguration(authority: authority))
/// let tls = TLSConfiguration(authorities: .text(authority.certificate))    // for the client
/// ```
public struct TestAuthority: Sendable, Hashable {
    /// Its certificate, as PEM text: what clients are to trust. Valid for a day.
    public let certificate: String
    private let key: String

    private static let day = Duration.seconds(86400)

    /// Makes an authority.
    ///
    /// - Parameter name: as it stands in the certificates, up to 64 bytes.
    /// - Throws: `.invalidInput` when OpenSSL does not make it.
    public init(name: String = "An authority for tests") throws(FreshetError) {
        (self.certificate, self.key) = try Self.make(name, nil, Self.day * -1, Self.day, by: nil)
    }

    /// Makes a certificate and its key: for a server, or for a client that is to show one.
    ///
    /// - Parameters:
    ///   - hosts: names and addresses that it is for.
    ///   - from: from when on it is valid, from now.
    ///   - until: until when.
    /// - Returns: both, as PEM texts.
    /// - Throws: `.invalidInput` when there is no host, or one cannot be.
    public func identity(
        for hosts: [String],
        from: Duration = .seconds(-86400),
        until: Duration = .seconds(86400)
    ) throws(FreshetError) -> TLSConfiguration.Identity {
        let names = try Self.names(of: hosts)
        return TLSConfiguration.Identity(try Self.make("A certificate for tests", names, from, until, by: self))
    }

    /// The same, signed by nobody but itself.
    static func selfSigned(for hosts: [String]) throws(FreshetError) -> TLSConfiguration.Identity {
        let names = try self.names(of: hosts)
        return TLSConfiguration.Identity(try self.make("A certificate alone", names, self.day * -1, self.day, by: nil))
    }

    /// Writes the certificate to a file, for clients in other processes.
    ///
    /// - Parameter path: of the file; it is replaced.
    /// - Throws: `.invalidInput` when it cannot be written.
    public func write(to path: String) throws(FreshetError) {
        do {
            try Data(self.certificate.utf8).write(to: URL(filePath: path))
        } catch {
            throw FreshetError(.invalidInput, "the authority's certificate cannot be written to \(path)")
        }
    }

    /// As OpenSSL wants a subjectAltName.
    private static func names(of hosts: [String]) throws(FreshetError) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:*")
        guard !hosts.isEmpty, hosts.allSatisfy({ !$0.isEmpty && allowed.isSuperset(of: $0) }) else {
            throw FreshetError(.invalidInput, "a certificate is for names or addresses of hosts")
        }
        return hosts.map { host in
            let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
            return (isAddress ? "IP:" : "DNS:") + host
        }.joined(separator: ",")
    }

    private static func make(
        _ name: String,
        _ hosts: String?,
        _ from: Duration,
        _ until: Duration,
        by issuer: Self?
    ) throws(FreshetError) -> (certificate: String, key: String) {
        var certificate = [CChar](repeating: 0, count: Int(FRESHET_PEM_SIZE))
        var key = certificate
        let (from, until) = (Int(from.components.seconds), Int(until.components.seconds))
        // Proof for `unsafe`: texts and room live through the call, which keeps none of them and writes no more than that.
        let made = unsafe freshet_certificate_create(
            name,
            hosts,
            from,
            until,
            issuer?.certificate,
            issuer?.key,
            &certificate,
            &key
        )
        guard made else {
            throw FreshetError(.invalidInput, "OpenSSL cannot make the certificate for these names")
        }
        func text(_ characters: [CChar]) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return (text(certificate), text(key))
    }
}

extension TestAuthority: CustomStringConvertible {
    /// Without the key.
    public var description: String { "TestAuthority" }
}

extension TLSConfiguration.Identity {
    fileprivate init(_ texts: (certificate: String, key: String)) {
        self.init(certificate: .text(texts.certificate), key: .text(texts.key))
    }
}
