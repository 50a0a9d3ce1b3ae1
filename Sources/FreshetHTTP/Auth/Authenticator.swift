// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import HTTPTypes

/// How a server wants to be shown who calls. ``TokenAuthenticator`` is the ordinary one; write another where a server
/// has its own way. When to renew, and for whom, is the ``AuthSession``'s.
public protocol Authenticator: Sendable {
    /// What is sent with each request.
    associatedtype Credential: AuthCredential

    /// What a user signs in with.
    associatedtype Login: Sendable

    /// Signs in.
    ///
    /// - Parameter login: who, and what proves it.
    /// - Returns: the credential.
    /// - Throws: `.unauthorized` when the server refuses it; otherwise why it could not be asked.
    func login(_ login: Login) async throws(FreshetError) -> Credential

    /// Renews a credential.
    ///
    /// - Parameter credential: the present one.
    /// - Returns: a newer one.
    /// - Throws: `.unauthorized` or `.forbidden` when the server refuses to renew it, or there is nothing to renew it
    ///   with: the session ends. With every other error it is kept.
    func refresh(_ credential: Credential) async throws(FreshetError) -> Credential

    /// Puts the credential into a request, instead of one that is there.
    ///
    /// - Parameters:
    ///   - credential: the credential.
    ///   - request: the request.
    func apply(_ credential: Credential, to request: inout HTTPRequest)

    /// Whether a response says that the credential is not accepted.
    ///
    /// - Parameter response: the response.
    /// - Returns: whether another credential is worth another attempt.
    func rejects(_ response: HTTPResponse) -> Bool

    /// Tells the server that the user signs out.
    ///
    /// - Parameter credential: the last one.
    /// - Throws: why the server could not be told.
    func revoke(_ credential: Credential) async throws(FreshetError)
}

extension Authenticator {
    /// 401 (RFC 9110 15.5.2).
    public func rejects(_ response: HTTPResponse) -> Bool { response.status == .unauthorized }

    /// The server need not be told.
    public func revoke(_ credential: Credential) async throws(FreshetError) {}
}
