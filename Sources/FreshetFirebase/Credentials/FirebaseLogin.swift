// SPDX-License-Identifier: Apache-2.0

/// What a user of Firebase Authentication signs in with. Never printed.
public enum FirebaseLogin: Sendable, Hashable {
    /// An address and a password.
    case password(email: String, password: String)
    /// A token that a server of your own has signed for the user.
    case customToken(String)
    /// What renews the tokens of a user who has signed in elsewhere, as in an app.
    case refreshToken(String)
    /// Nothing: a new user without a name.
    case anonymous
}

extension FirebaseLogin: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind, without what is secret.
    public var description: String {
        switch self {
        case .password: "a password"
        case .customToken: "a custom token"
        case .refreshToken: "a refresh token"
        case .anonymous: "nothing"
        }
    }

    /// The same.
    public var debugDescription: String { self.description }
    /// Nothing: `dump` would show the secrets.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
