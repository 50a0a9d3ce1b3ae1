// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP

/// Which of a session's credentials somebody shows.
package protocol SessionLease: Sendable {
    /// Whether the user who was signed in when they were handed out still is.
    func isSignedIn() async -> Bool
}

/// The lease of an ``AuthSession``.
struct AuthSessionLease<Method: Authenticator>: SessionLease {
    let session: AuthSession<Method>
    let lease: AuthLease<Method.Credential>

    func isSignedIn() async -> Bool { await self.session.isSignedIn(self.lease) }
}
