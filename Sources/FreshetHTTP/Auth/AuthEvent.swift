// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What happens to an ``AuthSession``.
public enum AuthEvent: Sendable, Hashable {
    /// A user has signed in.
    case loggedIn
    /// The session goes on with what was in the credential store.
    case restored
    /// The credential was renewed.
    case refreshed
    /// It could not be renewed, and the session goes on: the network failed, or the server is in trouble.
    case refreshFailed(FreshetError)
    /// The session is over.
    case loggedOut(LogoutReason)
    /// The credential store failed: what happened since will not outlive this process.
    case notStored(FreshetError)

    /// Why a session is over.
    public enum LogoutReason: Sendable, Hashable {
        /// ``AuthSession/logout()`` was called.
        case requested
        /// Somebody else, or the same user again, has signed in.
        case replaced
        /// The server refused to renew the credential, with this error.
        case refused(FreshetError)
    }
}

extension AuthEvent.LogoutReason {
    /// What calls and streams of that session are told.
    package var error: FreshetError {
        switch self {
        case .requested: FreshetError(.unauthorized, "the user has signed out", hint: "sign in, and try again")
        case .replaced: FreshetError(.unauthorized, "another user has signed in", hint: "try again as that user")
        case .refused(let error):
            FreshetError(
                .unauthorized,
                "signed out, because the credentials were not renewed: \(error.message)",
                hint: "sign in again"
            )
        }
    }
}

extension AuthEvent: CustomStringConvertible {
    /// What happened, in words without secrets.
    public var description: String {
        switch self {
        case .loggedIn: "signed in"
        case .restored: "signed in since before"
        case .refreshed: "the credential was renewed"
        case .refreshFailed(let error): "the credential could not be renewed: \(error.message)"
        case .loggedOut(.requested): "signed out"
        case .loggedOut(.replaced): "signed out, because another user has signed in"
        case .loggedOut(.refused(let error)): "signed out by the server: \(error.message)"
        case .notStored(let error): "the credential was not stored: \(error.message)"
        }
    }
}
