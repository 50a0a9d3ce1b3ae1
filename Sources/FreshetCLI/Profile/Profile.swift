// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetHTTP

/// Where an API is and how to sign in there, under a name: what `login` writes and `--profile` reads. Without secrets, which
/// the credential store has.
struct Profile: Codable, Equatable {
    /// Where paths begin.
    var url: String
    /// Where to sign in, renew and sign out: below `url`, or absolute.
    var login: String
    var refresh: String?
    var logout: String?
    /// Whether fields go as a form (OAuth 2.0) instead of as JSON.
    var sendsForms: Bool

    /// The session of this profile.
    func session(_ name: String, configuration: HTTPConfiguration) throws(FreshetError) -> AuthSession<
        TokenAuthenticator
    > {
        let transport = CurlTransport(tls: configuration.tls, proxy: configuration.proxy)
        let authenticator = try TokenAuthenticator(
            login: self.absolute(self.login),
            refresh: self.refresh.map(self.absolute),
            revocation: self.logout.map(self.absolute),
            encoding: self.sendsForms ? .form : .json,
            send: { call throws(FreshetError) in try await transport.send(call) }
        )
        return AuthSession(authenticator, store: try SystemCredentialStore(), name: "freshet-\(name)")
    }

    /// A path below the URL, or the absolute URL that it is.
    func absolute(_ path: String) -> String {
        if path.contains("://") { return path }
        let base = self.url.hasSuffix("/") ? String(self.url.dropLast()) : self.url
        return path.isEmpty ? base : "\(base)/\(path.drop { $0 == "/" })"
    }
}
