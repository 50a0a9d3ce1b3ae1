// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetTransport
import HTTPTypes

/// Sends a session's credential with each call to the servers that it is for, and once more with a newer one when it is
/// refused.
///
/// | the server refuses the credential, and | then |
/// |---|---|
/// | the session has a newer one already | the call is sent again with that |
/// | it was the session's present one | it is renewed, once for all calls, and the call is sent again |
/// | the body can be sent only once, or the call was executed and then redirected to a GET | the refusal is handed on, and the credential is renewed for the next call |
/// | a redirect to another origin came before, where the credential does not go | the refusal is handed on |
/// | this was the second attempt | the refusal is handed on |
///
/// It belongs behind a middleware that retries and before one that logs. Calls to other servers pass as they are.
public struct AuthenticationMiddleware<Method: Authenticator>: HTTPMiddleware {
    private let session: AuthSession<Method>
    private let origins: [Endpoint]

    /// Makes a middleware.
    ///
    /// - Parameters:
    ///   - session: whose credential is sent.
    ///   - origins: to which servers: scheme, host and port of these URLs count (RFC 6454 4). Nobody else ever gets
    ///     the credential, so there is no default.
    /// - Throws: `.invalidInput` for what is no URL, or none at all.
    public init(_ session: AuthSession<Method>, origins: [String]) throws(FreshetError) {
        self.session = session
        var endpoints: [Endpoint] = []
        for origin in origins { endpoints.append(try Endpoint(http: origin)) }
        guard !endpoints.isEmpty else {
            throw FreshetError(.invalidInput, "nobody is named who may get the credentials", hint: "name the API's URL")
        }
        self.origins = endpoints
    }

    /// Passes a call on with the credential, twice at most.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply; a refusal too, when nothing more is to be done about it.
    /// - Throws: `.unauthorized` when nobody is signed in; why the credential could not be renewed; what `next` throws.
    public func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        guard self.isMeant(call.request) else { return try await next(call) }
        let lease = try await self.session.lease()
        if let reply = try await self.attempt(call, lease, next) { return reply }
        let newer = try await self.session.lease(after: lease)
        var again = self.signed(call, newer)
        again.attempt += 1
        return try await next(again)
    }

    /// The first attempt; nil when another one is worth it: the refusal's body is dropped then.
    private func attempt(
        _ call: HTTPCall,
        _ lease: AuthLease<Method.Credential>,
        _ next: HTTPNext
    ) async throws(FreshetError) -> HTTPReply? {
        let reply = try await next(self.signed(call, lease))
        guard self.session.authenticator.rejects(reply.response), !reply.isWithoutCredentials else { return reply }
        if !reply.isAfterExecution, call.body?.isReplayable ?? true { return nil }
        await self.session.invalidate(lease)
        return reply
    }

    private func signed(_ call: HTTPCall, _ lease: AuthLease<Method.Credential>) -> HTTPCall {
        var call = call
        self.session.authenticator.apply(lease.credential, to: &call.request)
        return call
    }

    private func isMeant(_ request: HTTPRequest) -> Bool {
        guard let scheme = request.scheme, let authority = request.authority,
            let endpoint = try? Endpoint(http: "\(scheme)://\(authority)/")
        else { return false }
        return self.origins.contains { $0.hasSameOrigin(as: endpoint) }
    }
}
