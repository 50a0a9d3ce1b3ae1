// SPDX-License-Identifier: Apache-2.0

import CFreshetTLS
import FreshetTransport

/// A certificate with its key, and what is asked of clients, as OpenSSL keeps it. Lives on the proxy's thread.
@safe
final class TLSServer {
    // Proof for `unsafe` and @safe: made in `init` or not at all, freed in `deinit` only; sessions hold what they need of it
    // themselves.
    private let handle: OpaquePointer

    /// Nil when OpenSSL cannot use the texts.
    init?(_ identity: (certificate: String, key: String), clientsOf authority: String?, _ version: Int) {
        let made = unsafe freshet_tls_server_create(identity.certificate, identity.key, authority, Int32(version))
        guard let handle = unsafe made else { return nil }
        unsafe self.handle = handle
    }

    deinit { unsafe freshet_tls_server_destroy(self.handle) }

    /// TLS for a new connection; nil for want of memory.
    func session() -> TLSSession? {
        guard let session = unsafe freshet_tls_session_create(self.handle) else { return nil }
        return unsafe TLSSession(taking: session)
    }
}
