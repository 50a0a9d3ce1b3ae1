// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
public import FreshetCore
public import FreshetHTTP
public import HTTPTypes

/// OAuth tokens of a service account, each for an hour: for these IAM decides, and no rules.
///
/// ```swift
/// let account = try GoogleServiceAccount(json: try Data(contentsOf: file))
/// let transport = CurlTransport()
/// let authenticator = try ServiceAccountAuthenticator(
///     account, send: { call throws(FreshetError) in try await transport.send(call) })
/// let session = AuthSession(authenticator)
/// try await session.login(())
/// let firestore = Firestore(project: "my-app", configuration: .init(credentials: session.provider()))
/// ```
///
/// It signs in with its key, and again each time: nothing renews its tokens.
public struct ServiceAccountAuthenticator: Authenticator {
    private let account: GoogleServiceAccount
    private let scopes: [String]
    private let tokens: TokenAuthenticator
    private let wall: @Sendable () -> Date

    /// Makes an authenticator.
    ///
    /// - Parameters:
    ///   - account: the account.
    ///   - scopes: what its tokens are for; as it is, Firestore and the Realtime Database.
    ///   - send: what carries the calls: a transport's `send`, never a client that signs its calls by this session.
    /// - Throws: `.invalidInput` when the account's token URL is none.
    public init(
        _ account: GoogleServiceAccount,
        scopes: [String] = Self.defaultScopes,
        send: @escaping HTTPNext
    ) throws(FreshetError) {
        try self.init(account, scopes: scopes, send: send, wall: { Date() })
    }

    package init(
        _ account: GoogleServiceAccount,
        scopes: [String] = Self.defaultScopes,
        send: @escaping HTTPNext,
        wall: @escaping @Sendable () -> Date
    ) throws(FreshetError) {
        self.account = account
        self.scopes = scopes
        self.tokens = try TokenAuthenticator(login: account.tokenURL, send: send)
        self.wall = wall
    }

    /// Firestore, and the Realtime Database.
    public static let defaultScopes = [
        "https://www.googleapis.com/auth/datastore", "https://www.googleapis.com/auth/firebase.database",
        "https://www.googleapis.com/auth/userinfo.email",
    ]

    /// Signs in with the key.
    ///
    /// - Parameter login: nothing is needed.
    /// - Returns: the token.
    /// - Throws: `.unauthorized` when Google refuses the account, also when this machine's clock is wrong by minutes; otherwise why
    ///   it could not be asked.
    public func login(_ login: Void) async throws(FreshetError) -> BearerToken {
        try await self.tokens.login([
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": try self.account.assertion(scopes: self.scopes, at: self.wall()),
        ])
    }

    /// Signs in again.
    ///
    /// - Parameter credential: the token that is over.
    /// - Returns: a newer one.
    /// - Throws: as ``login(_:)``.
    public func refresh(_ credential: BearerToken) async throws(FreshetError) -> BearerToken {
        try await self.login(())
    }

    /// `Authorization: Bearer …`.
    public func apply(_ credential: BearerToken, to request: inout HTTPRequest) {
        self.tokens.apply(credential, to: &request)
    }
}
