// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What a proxy needs to end TLS: a certificate of each kind, made when it is first wanted. Lives on the proxy's thread.
final class ProxyTLS {
    private let authority: TestAuthority
    private var servers: [TLSConditions: TLSServer] = [:]

    init(_ authority: TestAuthority) { self.authority = authority }

    /// TLS for a new connection; nil when OpenSSL does not make it.
    func session(_ conditions: TLSConditions) -> TLSSession? {
        if let server = self.servers[conditions] { return server.session() }
        guard let identity = try? self.identity(conditions.certificate),
            case .text(let certificate) = identity.certificate, case .text(let key) = identity.key,
            let server = TLSServer(
                (certificate, key),
                clientsOf: conditions.requiresClientCertificate ? self.authority.certificate : nil,
                conditions.version?.rawValue ?? 0
            )
        else { return nil }
        self.servers[conditions] = server
        return server.session()
    }

    private func identity(
        _ certificate: TLSConditions.Certificate
    ) throws(FreshetError) -> TLSConfiguration.Identity {
        let here = ["127.0.0.1", "::1", "localhost"]
        return switch certificate {
        case .good: try self.authority.identity(for: here)
        case .expired: try self.authority.identity(for: here, until: .seconds(-3600))
        case .notYetValid: try self.authority.identity(for: here, from: .seconds(3600))
        case .wrongHost: try self.authority.identity(for: ["elsewhere.invalid"])
        case .unknownAuthority: try TestAuthority(name: "An authority that nobody knows").identity(for: here)
        case .selfSigned: try TestAuthority.selfSigned(for: here)
        }
    }
}
