// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTransport

/// A profile in use: where its API is, and who is signed in there.
struct SignedIn {
    let profile: Profile
    let session: AuthSession<TokenAuthenticator>

    /// Nil where no profile is named.
    init?(_ name: String?, webSocket: WebSocketConfiguration) throws(FreshetError) {
        guard let name else { return nil }
        self.profile = try ProfileFile().profile(name)
        self.session = try self.profile.session(name, configuration: try HTTPConfiguration(webSocket))
    }

    /// What signs the calls to the profile's API.
    func middleware() throws(FreshetError) -> AuthenticationMiddleware<TokenAuthenticator> {
        try AuthenticationMiddleware(self.session, origins: [self.profile.url])
    }

    /// What nobody is signed in for says which command helps.
    static func explaining(_ error: FreshetError, profile: String?) -> FreshetError {
        guard let profile, error.kind == .unauthorized else { return error }
        return FreshetError(error.kind, error.message, hint: "freshet login \(Format.printable(profile)) --user NAME")
    }
}
