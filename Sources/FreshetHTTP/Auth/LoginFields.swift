// SPDX-License-Identifier: Apache-2.0

/// What a user signs in with, as the fields of a form or of a JSON object. Never printed.
///
/// ```swift
/// try await session.login(.password("ada@example.com", password))
/// try await session.login(["email": "ada@example.com", "password": password, "otp": "123456"])
/// ```
public struct LoginFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// Names and values.
    public var fields: [String: String]

    /// Fields by their names; of a name that is given twice the last value counts.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.fields = Dictionary(elements, uniquingKeysWith: { _, last in last })
    }

    /// A name and a password, as OAuth 2.0 calls them (RFC 6749 4.3).
    ///
    /// - Parameters:
    ///   - username: the name.
    ///   - password: the password.
    /// - Returns: the fields.
    public static func password(_ username: String, _ password: String) -> LoginFields {
        ["username": username, "password": password]
    }
}

extension LoginFields: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names without values.
    public var description: String { "LoginFields(\(self.fields.keys.sorted().joined(separator: ", ")))" }
    /// The same.
    public var debugDescription: String { self.description }
    /// Nothing: `dump` would show the values.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
