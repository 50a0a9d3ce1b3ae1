// SPDX-License-Identifier: Apache-2.0

import FreshetCore
public import FreshetHTTP

extension AuthSession {
    /// The session's credentials for a client's connections: the renewals are the session's own, once for REST and
    /// every client.
    ///
    /// | a client asks, because | it gets |
    /// |---|---|
    /// | it connects | a credential that is good |
    /// | its connection's credential is near its end | a newer one |
    /// | the server refused it | a newer one |
    /// | nobody is signed in | its feeds end with `.unauthorized` |
    ///
    /// A feed belongs to the user who was signed in when it connected: when that user is signed out, by `logout`, by
    /// the server, or because another one signs in, it ends with `.unauthorized`. Iterate it again after the next
    /// login. When the network fails while the credential is renewed, the client tries again with its backoff.
    ///
    /// Make one for each client.
    ///
    /// - Parameter credentials: what a connection shows; its lifetime is set here.
    /// - Returns: a provider for the client's settings.
    public nonisolated func provider(
        _ credentials: @escaping @Sendable (Method.Credential) -> Credentials
    ) -> CredentialProvider {
        let last = Locked<Lease?>(nil)
        return { reason in
            let lease: Lease
            let shown = Credentials.replaced?.lease as? AuthSessionLease<Method>
            do throws(FreshetError) {
                switch (reason, shown?.session === self ? shown?.lease : last.withLock { $0 }) {
                case (.expiring, let last?): lease = try await self.lease(before: last)
                case (.refused, let last?): lease = try await self.lease(after: last)
                default: lease = try await self.lease()
                }
            } catch {
                guard error.kind == .unauthorized else { throw error }
                // Who signs in next begins anew.
                last.withLock { $0 = nil }
                throw SessionEnd(error: error)
            }
            last.withLock { $0 = lease }
            var given = credentials(lease.credential)
            given.lifetime = lease.lifetime
            given.lease = AuthSessionLease(session: self, lease: lease)
            given.signedOut = { await self.end(of: lease) }
            return given
        }
    }

    /// The same, with the header fields that the session's requests have.
    ///
    /// - Returns: a provider for the client's settings.
    public nonisolated func provider() -> CredentialProvider {
        self.provider { credential in
            var request = HTTPRequest(method: .get, scheme: nil, authority: nil, path: nil)
            self.authenticator.apply(credential, to: &request)
            return Credentials(headers: request.headerFields.map { HTTPHeader($0.name.rawName, $0.value) })
        }
    }
}

extension AuthSession where Method.Credential == BearerToken {
    /// The same for bearer tokens: as a header, and as `token` in the handshake's parameters, which browsers' servers
    /// look for.
    ///
    /// - Returns: a provider for the client's settings.
    public nonisolated func provider() -> CredentialProvider {
        self.provider { .bearer($0.accessToken) }
    }
}
