// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import Testing

/// Secrets are sent and stored, and shown nowhere.
@Suite(.timeLimit(.minutes(1)))
struct AuthSecretsTests {
    private static let secrets = ["s3cret-password", "s3cret-access", "s3cret-refresh", "s3cret-client"]

    private func expectNone(in texts: [String]) {
        for text in texts {
            for secret in Self.secrets { #expect(!text.contains(secret), "\(text.prefix(200))") }
        }
    }

    @Test("No value shows a secret, however it is printed")
    func values() throws {
        let token = BearerToken(accessToken: "s3cret-access", refreshToken: "s3cret-refresh")
        let authenticator = try TokenAuthenticator(
            login: "https://auth.example.com/token?key=s3cret-client",
            parameters: ["client_secret": "s3cret-client"],
            send: { _ in HTTPReply(HTTPResponse(status: .ok)) }
        )
        self.expectNone(in: Tokens.printed(token))
        self.expectNone(in: Tokens.printed(Optional(token)))
        self.expectNone(in: Tokens.printed(LoginFields.password("ada", "s3cret-password")))
        self.expectNone(in: Tokens.printed(authenticator))
        #expect("\(LoginFields.password("ada", "s3cret-password"))" == "LoginFields(password, username)")
    }

    @Test("No session, lease, event or error of a whole life shows one: login, refusals, failures, logout")
    func session() async throws {
        let status = Locked(200)
        let authenticator = try TokenAuthenticator(
            login: "https://auth.example.com/token",
            parameters: ["client_secret": "s3cret-client"],
            send: { _ in
                // The server repeats all that it was ever told.
                let code = status.withLock { $0 }
                let body =
                    code == 200
                    ? #"{"access_token":"s3cret-access","refresh_token":"s3cret-refresh","expires_in":3600}"#
                    : #"{"error":"s3cret-refresh","error_description":"s3cret-password s3cret-client"}"#
                return HTTPReply(HTTPResponse(status: .init(code: code)), body: HTTPBody(Array(body.utf8)))
            }
        )
        let session = AuthSession(authenticator)
        let events = session.events
        var texts: [String] = []
        try await session.login(.password("ada", "s3cret-password"))
        let lease = try await session.lease()
        #expect(lease.credential.accessToken == "s3cret-access")
        texts += Tokens.printed(lease) + Tokens.printed(session)
        for code in [500, 429, 404, 400] {
            status.withLock { $0 = code }
            do throws(FreshetError) {
                _ = try await session.lease(after: lease)
                Issue.record("\(code) was no error")
            } catch { texts += Tokens.printed(error) }
        }
        do throws(FreshetError) {
            try await session.login(.password("ada", "s3cret-password"))
            Issue.record("it was no error")
        } catch { texts += Tokens.printed(error) }
        for await event in events {
            texts += Tokens.printed(event)
            if case .loggedOut = event { break }
        }
        self.expectNone(in: texts)
    }
}
