// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetTransport
public import HTTPTypes

/// Bearer tokens from a login and a refresh endpoint: OAuth 2.0 (RFC 6749 4.3 and 6, RFC 6750), or the JSON that many
/// APIs have made of it.
///
/// ```swift
/// let transport = CurlTransport()
/// let oauth = try TokenAuthenticator(
///     login: "https://auth.example.com/token", parameters: ["client_id": "my-app"],
///     send: { call throws(FreshetError) in try await transport.send(call) })
/// let json = try TokenAuthenticator(
///     login: "https://api.example.com/login", refresh: "https://api.example.com/refresh", encoding: .json,
///     refreshField: "refreshToken", send: { call throws(FreshetError) in try await transport.send(call) })
/// ```
///
/// What it reads: a JSON object with `access_token`, `refresh_token`, `expires_in` and `token_type`, or `accessToken`,
/// `refreshToken`, `expiresIn` and `tokenType`. Where the answer to a refresh has no refresh token, the old one stays
/// (RFC 6749 6).
public struct TokenAuthenticator: Authenticator {
    /// How fields are sent.
    public enum Encoding: Sendable, Hashable {
        /// As a form, with `grant_type` (RFC 6749).
        case form
        /// As a JSON object.
        case json
    }

    private let loginURL: Endpoint
    private let refreshURL: Endpoint
    private let revocationURL: Endpoint?
    private let encoding: Encoding
    private let refreshField: String
    private let parameters: [String: String]
    private let send: HTTPNext

    /// Makes an authenticator.
    ///
    /// - Parameters:
    ///   - login: the URL to sign in at.
    ///   - refresh: the URL to renew at; nil: the same.
    ///   - revocation: the URL to sign out at (RFC 7009), where there is one.
    ///   - encoding: how fields are sent.
    ///   - refreshField: how the refresh token's field is called in a request.
    ///   - parameters: more fields for each request, as `client_id` or `scope`.
    ///   - send: what carries the calls: a transport's `send`, never a client that signs its calls by this session.
    /// - Throws: `.invalidInput` for what is no URL.
    public init(
        login: String,
        refresh: String? = nil,
        revocation: String? = nil,
        encoding: Encoding = .form,
        refreshField: String = "refresh_token",
        parameters: [String: String] = [:],
        send: @escaping HTTPNext
    ) throws(FreshetError) {
        self.loginURL = try Endpoint(http: login)
        self.refreshURL = if let refresh { try Endpoint(http: refresh) } else { self.loginURL }
        self.revocationURL = if let revocation { try Endpoint(http: revocation) } else { nil }
        self.encoding = encoding
        self.refreshField = refreshField
        self.parameters = parameters
        self.send = send
    }

    /// Signs in.
    ///
    /// - Parameter login: the fields to send.
    /// - Returns: the token.
    /// - Throws: `.unauthorized` when the server refuses them (400, 401, 403); otherwise what went wrong.
    public func login(_ login: LoginFields) async throws(FreshetError) -> BearerToken {
        let fields = self.encoding == .form ? ["grant_type": "password"] : [:]
        let reply = try await self.post(fields.merging(login.fields) { $1 }, to: self.loginURL)
        guard reply.isSuccess else { throw reply.error("login") }
        return try reply.token()
    }

    /// Renews a token.
    ///
    /// - Parameter credential: the present one.
    /// - Returns: a newer one.
    /// - Throws: `.unauthorized` when the server refuses (400, 401, 403), or there is no refresh token; otherwise
    ///   what went wrong.
    public func refresh(_ credential: BearerToken) async throws(FreshetError) -> BearerToken {
        guard let refreshToken = credential.refreshToken else {
            throw FreshetError(.unauthorized, "the token is over, and the server gave nothing to renew it with")
        }
        var fields = [self.refreshField: refreshToken]
        if self.encoding == .form { fields["grant_type"] = "refresh_token" }
        let reply = try await self.post(fields, to: self.refreshURL)
        guard reply.isSuccess else { throw reply.error("refresh") }
        var token = try reply.token()
        if token.refreshToken == nil { token.refreshToken = refreshToken }
        return token
    }

    /// `Authorization: Bearer …` (RFC 6750 2.1).
    public func apply(_ credential: BearerToken, to request: inout HTTPRequest) {
        request.headerFields[.authorization] = "\(credential.tokenType) \(credential.accessToken)"
    }

    /// Tells the server that the user signs out, where there is a URL for it: as RFC 7009 2.1 wants it with forms; with JSON
    /// the refresh token in its field, and the access token as the request's own.
    ///
    /// - Parameter credential: the last token.
    /// - Throws: why the server could not be told.
    public func revoke(_ credential: BearerToken) async throws(FreshetError) {
        guard let revocationURL else { return }
        let kind = credential.refreshToken == nil ? "access_token" : "refresh_token"
        // Servers with a way of their own take what renews the token, from somebody who shows the token.
        let fields =
            self.encoding == .form
            ? ["token": credential.refreshToken ?? credential.accessToken, "token_type_hint": kind]
            : credential.refreshToken.map { [self.refreshField: $0] } ?? [:]
        let reply = try await self.post(fields, to: revocationURL, by: credential)
        guard reply.isSuccess else { throw reply.error("logout") }
    }

    private func post(
        _ fields: [String: String],
        to url: Endpoint,
        by credential: BearerToken? = nil
    ) async throws(FreshetError) -> TokenReply {
        let fields = self.parameters.merging(fields) { $1 }
        var request = url.post
        request.headerFields[.accept] = "application/json"
        if let credential, self.encoding == .json { self.apply(credential, to: &request) }
        let body: HTTPBody
        switch self.encoding {
        case .form:
            request.headerFields[.contentType] = "application/x-www-form-urlencoded"
            body = HTTPBody(FormFields.encode(fields))
        case .json:
            request.headerFields[.contentType] = "application/json"
            body = try .json(fields)
        }
        let call = HTTPCall(request, body: body, limits: HTTPLimits(body: TokenReply.limit))
        let reply = try await self.send(call)
        return TokenReply(reply.response, try await reply.body.collect(upTo: TokenReply.limit))
    }
}

extension TokenAuthenticator: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without its parameters, which may hold a client's secret.
    public var description: String { "TokenAuthenticator(\(self.loginURL))" }
    /// The same.
    public var debugDescription: String { self.description }
    /// Nothing: `dump` would show the parameters.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
