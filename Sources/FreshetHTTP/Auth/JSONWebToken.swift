// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FoundationEssentials

/// What a JSON Web Token says of itself (RFC 7519), read and **not verified**: the server that gets the token checks
/// its signature, a client only wants to know when it ends.
///
/// ```swift
/// let token = try JSONWebToken(text)
/// print(token.subject ?? "nobody", token.expiresAt ?? .distantFuture, token.claims["role"] ?? .null)
/// ```
///
/// The token's text is not kept, so it cannot be printed.
public struct JSONWebToken: Sendable, Hashable {
    /// The header: how it is signed.
    public let header: [String: JSONValue]

    /// Everything that it claims.
    public let claims: [String: JSONValue]

    /// When it ends (`exp`, RFC 7519 4.1.4).
    public let expiresAt: Date?

    /// When it was made (`iat`, RFC 7519 4.1.6).
    public let issuedAt: Date?

    /// When it begins to be good (`nbf`, RFC 7519 4.1.5).
    public let notBefore: Date?

    /// Whom it is about (`sub`, RFC 7519 4.1.2).
    public var subject: String? {
        if case .string(let subject) = self.claims["sub"] { subject } else { nil }
    }

    /// From when it was made to its end, by the clock of whoever made it: what a wrong clock here cannot spoil.
    public var lifetime: Duration? {
        guard let expiresAt, let issuedAt else { return nil }
        return .seconds(expiresAt.timeIntervalSince(issuedAt))
    }

    /// Reads a token.
    ///
    /// - Parameter text: three parts with dots between them (RFC 7515 7.1).
    /// - Throws: `.decoding` when it is not a JSON Web Token, and where it stops to be one.
    public init(_ text: String) throws(FreshetError) {
        guard text.utf8.count <= 64 << 10 else {
            throw FreshetError(.decoding, "this is not a JSON Web Token: it has more than 64 KiB")
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            let hint =
                parts.count == 5
                ? "five parts are an encrypted token, which only its receiver can read"
                : "the server may use opaque tokens: then only it knows when they end"
            throw FreshetError(
                .decoding,
                "this is not a JSON Web Token: it has \(parts.count) parts instead of three",
                hint: hint
            )
        }
        self.header = try Self.object(parts[0], "header")
        self.claims = try Self.object(parts[1], "claims")
        guard Base64URL.decode(parts[2]) != nil else { throw Self.notBase64("signature") }
        self.expiresAt = try Self.date("exp", in: self.claims)
        self.issuedAt = try Self.date("iat", in: self.claims)
        self.notBefore = try Self.date("nbf", in: self.claims)
    }

    private static func object(_ part: Substring, _ name: String) throws(FreshetError) -> [String: JSONValue] {
        guard let bytes = Base64URL.decode(part) else { throw Self.notBase64(name) }
        guard let object = try? JSONDecoder().decode([String: JSONValue].self, from: Data(bytes)) else {
            throw FreshetError(.decoding, "this is not a JSON Web Token: its \(name) are not a JSON object")
        }
        return object
    }

    private static func notBase64(_ name: String) -> FreshetError {
        FreshetError(.decoding, "this is not a JSON Web Token: its \(name) is not base64url without padding")
    }

    /// Seconds since 1970, whole or not (NumericDate, RFC 7519 section 2).
    private static func date(_ claim: String, in claims: [String: JSONValue]) throws(FreshetError) -> Date? {
        let seconds: Double
        switch claims[claim] {
        case nil: return nil
        case .integer(let value): seconds = Double(value)
        case .number(let value): seconds = value
        default: throw FreshetError(.decoding, "the token's claim \"\(claim)\" is not a number of seconds")
        }
        // From 1970 to 9999: beyond that it is no date, and would overflow what is made of it.
        guard (0..<253_402_300_800).contains(seconds) else {
            throw FreshetError(
                .decoding,
                "the token's claim \"\(claim)\" is no date",
                hint: "it counts seconds since 1970, not milliseconds"
            )
        }
        return Date(timeIntervalSince1970: seconds)
    }
}

extension JSONWebToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of its claims without their values: those may be personal.
    public var description: String {
        "JSONWebToken(claims: \(self.claims.keys.sorted().joined(separator: ", ")))"
    }

    /// The same.
    public var debugDescription: String { self.description }

    /// Nothing: `dump` would show the values.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
