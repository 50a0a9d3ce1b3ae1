// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a ``NATSClient`` shows of who it is.
///
/// NKeys, and the credential files that contain one, have to sign what the server sends: that is not supported.
public enum NATSAuthentication: Sendable, Hashable {
    /// A user and a password.
    case user(String, password: String)
    /// A token that all clients share.
    case token(String)
    /// A JWT whose bearer need not sign anything.
    case jwt(String)

    var options: [String: JSONValue] {
        switch self {
        case .user(let name, let password): ["user": .string(name), "pass": .string(password)]
        case .token(let token): ["auth_token": .string(token)]
        case .jwt(let jwt): ["jwt": .string(jwt)]
        }
    }
}

extension NATSAuthentication: CustomStringConvertible, CustomDebugStringConvertible {
    /// Which kind it is, without the secret.
    public var description: String {
        switch self {
        case .user: "user and password"
        case .token: "a token"
        case .jwt: "a JWT"
        }
    }

    /// The same.
    public var debugDescription: String { self.description }
}
