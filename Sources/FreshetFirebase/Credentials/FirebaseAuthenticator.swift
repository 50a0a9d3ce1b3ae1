// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetHTTP
public import HTTPTypes

/// Users of Firebase Authentication: ID tokens, each for an hour, renewed by the secure token service. For these the rules of the
/// database decide.
///
/// ```swift
/// let session = AuthSession(FirebaseAuthenticator(apiKey: key), store: try SystemCredentialStore(), name: "my-app")
/// try await session.login(.password(email: "ada@example.com", password: password))
/// let firestore = Firestore(project: "my-app", configuration: .init(credentials: session.provider()))
/// ```
public struct FirebaseAuthenticator: Authenticator {
    private let apiKey: String
    private let tokenServer: String
    private let accountServer: String
    private let client: HTTPClient

    /// Makes an authenticator.
    ///
    /// - Parameters:
    ///   - apiKey: the project's web API key. It is no secret; it says which project.
    ///   - tokenServer: where tokens are renewed; of an emulator `http://127.0.0.1:9099/securetoken.googleapis.com`.
    ///   - accountServer: where users sign in; of an emulator `http://127.0.0.1:9099/identitytoolkit.googleapis.com`.
    ///   - client: what carries the calls, never one that signs its calls by this session.
    public init(
        apiKey: String,
        tokenServer: String = "https://securetoken.googleapis.com",
        accountServer: String = "https://identitytoolkit.googleapis.com",
        client: HTTPClient = HTTPClient()
    ) {
        self.apiKey = apiKey
        self.tokenServer = tokenServer
        self.accountServer = accountServer
        self.client = client
    }

    /// Signs in.
    ///
    /// - Parameter login: who, and what proves it.
    /// - Returns: the ID token, and what renews it.
    /// - Throws: `.unauthorized` when the server refuses it; `.rateLimited` after too many attempts; otherwise why it could not be
    ///   asked.
    public func login(_ login: FirebaseLogin) async throws(FreshetError) -> BearerToken {
        switch login {
        case .password(let email, let password):
            return try await self.signIn(
                "signInWithPassword",
                ["email": .string(email), "password": .string(password)]
            )
        case .customToken(let token): return try await self.signIn("signInWithCustomToken", ["token": .string(token)])
        case .anonymous: return try await self.signIn("signUp", [:])
        case .refreshToken(let token): return try await self.renew(token)
        }
    }

    private func signIn(_ method: String, _ fields: [String: JSONValue]) async throws(FreshetError) -> BearerToken {
        let fields = fields.merging(["returnSecureToken": true]) { $1 }
        return try await self.post(
            "\(self.accountServer)/v1/accounts:\(method)",
            type: "application/json",
            body: try .json(fields)
        )
    }

    /// Renews an ID token.
    ///
    /// - Parameter credential: the present one.
    /// - Returns: a newer one.
    /// - Throws: `.unauthorized` when the user is gone or disabled, or the refresh token is no longer good; otherwise why it could
    ///   not be renewed.
    public func refresh(_ credential: BearerToken) async throws(FreshetError) -> BearerToken {
        guard let token = credential.refreshToken else {
            throw FreshetError(.unauthorized, "the ID token is over, and there is nothing to renew it with")
        }
        return try await self.renew(token)
    }

    private func renew(_ token: String) async throws(FreshetError) -> BearerToken {
        var renewed = try await self.post(
            "\(self.tokenServer)/v1/token",
            type: "application/x-www-form-urlencoded",
            body: HTTPBody(Array("grant_type=refresh_token&refresh_token=\(HTTPQuery.encoded(token))".utf8))
        )
        if renewed.refreshToken == nil { renewed.refreshToken = token }
        return renewed
    }

    /// `Authorization: Bearer …`.
    public func apply(_ credential: BearerToken, to request: inout HTTPRequest) {
        request.headerFields[.authorization] = "Bearer \(credential.accessToken)"
    }

    private func post(_ url: String, type: String, body: HTTPBody) async throws(FreshetError) -> BearerToken {
        var call = try self.client.call(
            .post,
            url,
            query: ["key": self.apiKey],
            headers: [.contentType: type, .accept: "application/json"],
            body: body
        )
        call.limits.body = FirebaseTokenReply.limit
        let reply = try await self.client.send(call)
        let answer = FirebaseTokenReply(reply.response, try await reply.body.collect(upTo: FirebaseTokenReply.limit))
        return try answer.token()
    }
}

extension FirebaseAuthenticator: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where it asks.
    public var description: String { "FirebaseAuthenticator(\(self.tokenServer))" }
    /// The same.
    public var debugDescription: String { self.description }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
