// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore
import FreshetHTTP
import FreshetTransport

/// A service account of Google's: a program's own account, with a private key.
public struct GoogleServiceAccount: Sendable, Hashable {
    /// Its name: `robot@my-app.iam.gserviceaccount.com`.
    public let email: String
    /// The project that it belongs to, where its file says so.
    public let project: String?
    /// Where its tokens come from.
    public let tokenURL: String
    /// For whom assertions are, wherever they are sent: so Google's own libraries have it.
    private static let audience = "https://oauth2.googleapis.com/token"
    private let keyID: String?
    private let key: String

    private struct File: Decodable {
        let type: String?, project_id: String?, private_key_id: String?, private_key: String?, client_email: String?
        let token_uri: String?
    }

    /// Reads an account's key file, as Google's console gives it.
    ///
    /// - Parameter json: what is in the file.
    /// - Throws: `.invalidInput` when it is no such file, or the key in it is none.
    public init(json: some Collection<UInt8>) throws(FreshetError) {
        guard let file = try? JSONDecoder().decode(File.self, from: Data(json)) else {
            throw FreshetError(.invalidInput, "the service account's file is no JSON object")
        }
        guard file.type == nil || file.type == "service_account", let email = file.client_email,
            let key = file.private_key, !email.isEmpty
        else {
            throw FreshetError(
                .invalidInput,
                "the file is not that of a service account's key",
                hint: "it has type, client_email and private_key; the console makes it: service accounts, keys, JSON"
            )
        }
        self.email = email
        self.project = file.project_id
        self.tokenURL = file.token_uri ?? Self.audience
        self.keyID = file.private_key_id
        self.key = key
        _ = try RS256.sign("", key: key)
    }

    /// A signed token that says who asks (RFC 7523 2.1), for an hour from a time on.
    ///
    /// - Parameters:
    ///   - scopes: what is asked for.
    ///   - date: when it begins.
    /// - Returns: the token.
    /// - Throws: `.invalidInput` when the key cannot sign.
    func assertion(scopes: [String], at date: Date) throws(FreshetError) -> String {
        let now = Int64(date.timeIntervalSince1970)
        var header: [String: JSONValue] = ["alg": "RS256", "typ": "JWT"]
        header["kid"] = self.keyID.map { .string($0) }
        let claims: [String: JSONValue] = [
            "iss": .string(self.email), "scope": .string(scopes.joined(separator: " ")),
            "aud": .string(Self.audience), "iat": .integer(now), "exp": .integer(now + 3600),
        ]
        let signed = "\(try Self.part(header)).\(try Self.part(claims))"
        return "\(signed).\(Base64URL.encode(try RS256.sign(signed, key: self.key)))"
    }

    private static func part(_ object: [String: JSONValue]) throws(FreshetError) -> String {
        Base64URL.encode(try HTTPBody.json(object).bytes?.array ?? [])
    }
}

extension GoogleServiceAccount: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without its key.
    public var description: String { "GoogleServiceAccount(\(self.email))" }
    /// The same.
    public var debugDescription: String { self.description }
    /// Nothing: `dump` would show the key.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
