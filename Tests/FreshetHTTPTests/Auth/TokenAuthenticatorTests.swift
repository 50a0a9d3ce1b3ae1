// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import Testing

/// Tokens from endpoints (RFC 6749).
@Suite struct TokenAuthenticatorTests {
    private final class Endpoint: Sendable {
        let calls = Locked<[HTTPCall]>([])
        private let status: Int
        private let body: String
        private let fields: HTTPFields

        init(_ status: Int = 200, _ body: String = #"{"access_token":"a"}"#, fields: HTTPFields = [:]) {
            self.status = status
            self.body = body
            self.fields = fields
        }

        func authenticator(
            _ encoding: TokenAuthenticator.Encoding = .form,
            refreshField: String = "refresh_token",
            parameters: [String: String] = [:]
        ) throws -> TokenAuthenticator {
            try TokenAuthenticator(
                login: "https://auth.example.com/token?tenant=1",
                refresh: "https://auth.example.com:8443/refresh",
                revocation: "https://auth.example.com/revoke",
                encoding: encoding,
                refreshField: refreshField,
                parameters: parameters,
                send: { call in
                    self.calls.withLock { $0.append(call) }
                    let response = HTTPResponse(status: .init(code: self.status), headerFields: self.fields)
                    return HTTPReply(response, body: HTTPBody(Array(self.body.utf8)))
                }
            )
        }

        var sent: [String] {
            self.calls.withLock { calls in
                calls.map { call in
                    let url = "\(call.request.scheme ?? "")://\(call.request.authority ?? "")\(call.request.path ?? "")"
                    return "\(call.request.method) \(url) \(call.body?.bytes?.text ?? "")"
                }
            }
        }
    }

    @Test("Login, refresh and logout as OAuth 2.0 wants them: forms")
    func form() async throws {
        let endpoint = Endpoint()
        let authenticator = try endpoint.authenticator(parameters: ["client_id": "my app"])
        _ = try await authenticator.login(.password("ada+x@example.com", "p&ß=1"))
        _ = try await authenticator.refresh(BearerToken(accessToken: "a", refreshToken: "r/1"))
        try await authenticator.revoke(BearerToken(accessToken: "a", refreshToken: "r/1"))
        #expect(
            endpoint.sent == [
                "POST https://auth.example.com/token?tenant=1 client_id=my+app&grant_type=password"
                    + "&password=p%26%C3%9F%3D1&username=ada%2Bx%40example.com",
                "POST https://auth.example.com:8443/refresh client_id=my+app&grant_type=refresh_token&refresh_token=r%2F1",
                "POST https://auth.example.com/revoke client_id=my+app&token=r%2F1&token_type_hint=refresh_token",
            ]
        )
        #expect(
            endpoint.calls.withLock { $0[0].request.headerFields[.contentType] } == "application/x-www-form-urlencoded"
        )
    }

    @Test("The same as JSON, with the names that the API uses")
    func json() async throws {
        let endpoint = Endpoint(200, #"{"accessToken":"b","refreshToken":"r2","expiresIn":"60","tokenType":"bearer"}"#)
        let authenticator = try endpoint.authenticator(.json, refreshField: "refreshToken")
        let token = try await authenticator.login(["email": "ada"])
        #expect(
            token == BearerToken(accessToken: "b", refreshToken: "r2", tokenType: "Bearer", expiresIn: .seconds(60))
        )
        _ = try await authenticator.refresh(token)
        #expect(
            endpoint.sent == [
                #"POST https://auth.example.com/token?tenant=1 {"email":"ada"}"#,
                #"POST https://auth.example.com:8443/refresh {"refreshToken":"r2"}"#,
            ]
        )
    }

    @Test("A refresh without a new refresh token keeps the old one (RFC 6749 6)")
    func keepsRefreshToken() async throws {
        let authenticator = try Endpoint(200, #"{"access_token":"b","expires_in":3600}"#).authenticator()
        let token = try await authenticator.refresh(BearerToken(accessToken: "a", refreshToken: "r"))
        #expect(token == BearerToken(accessToken: "b", refreshToken: "r", expiresIn: .seconds(3600)))
    }

    @Test("A token is applied as a header, instead of one that is there")
    func applied() throws {
        var request = HTTPRequest(method: .get, scheme: "https", authority: "x", path: "/")
        let authenticator = try Endpoint().authenticator()
        authenticator.apply(BearerToken(accessToken: "a"), to: &request)
        authenticator.apply(BearerToken(accessToken: "b"), to: &request)
        #expect(request.headerFields[values: .authorization] == ["Bearer b"])
    }

    @Test("How long it lives: what the server says, what the token says, and the shorter of both")
    func life() {
        let jwt = Tokens.jwt(from: 1000, to: 1600)
        #expect(BearerToken(accessToken: jwt).life == .lasts(.seconds(600)))
        #expect(BearerToken(accessToken: jwt, expiresIn: .seconds(60)).life == .lasts(.seconds(60)))
        #expect(BearerToken(accessToken: jwt, expiresIn: .seconds(3600)).life == .lasts(.seconds(600)))
        #expect(BearerToken(accessToken: "opaque").life == .unknown)
        #expect(BearerToken(accessToken: "opaque", expiresIn: .seconds(60)).life == .lasts(.seconds(60)))
    }

    @Test(
        "What a status means",
        arguments: [
            (400, FreshetError.Kind.unauthorized), (401, .unauthorized), (403, .unauthorized),
            (404, .rejected(status: 404)), (301, .rejected(status: 301)), (500, .server(status: 500)),
            (503, .server(status: 503)), (429, .rateLimited(retryAfter: .seconds(7))),
        ]
    )
    func statuses(_ status: Int, _ kind: FreshetError.Kind) async throws {
        let endpoint = Endpoint(status, #"{"error":"invalid_grant"}"#, fields: [.retryAfter: "7"])
        let authenticator = try endpoint.authenticator()
        let error = await #expect(throws: FreshetError.self) {
            try await authenticator.refresh(BearerToken(accessToken: "a", refreshToken: "r"))
        }
        #expect(error?.kind == kind)
        #expect(error?.message == "the server answered the refresh with \(status): invalid_grant")
    }

    @Test("Without a refresh token nothing is sent: the token is over")
    func nothingToRefreshWith() async throws {
        let endpoint = Endpoint()
        let authenticator = try endpoint.authenticator()
        let error = await #expect(throws: FreshetError.self) {
            try await authenticator.refresh(BearerToken(accessToken: "a"))
        }
        #expect(error?.kind == .unauthorized)
        #expect(endpoint.sent.isEmpty)
    }

    @Test(
        "An answer that is no token is a typed error, without what the server said",
        arguments: [
            ("s3cret", "not a JSON object"), ("[]", "not a JSON object"), ("{}", "no access_token"),
            (#"{"access_token":7,"id":"s3cret"}"#, "it has: access_token, id"),
            (#"{"access_token":""}"#, "no access_token"),
            (#"{"access_token":"s3cret\r\nX: y"}"#, "no header field may have"),
            (#"{"access_token":"a","expires_in":"s3cret"}"#, "expires_in is not a number"),
            (#"{"access_token":"a","expires_in":{}}"#, "expires_in is not a number"),
        ]
    )
    func badAnswers(_ body: String, _ why: String) async throws {
        let authenticator = try Endpoint(200, body).authenticator()
        let error = await #expect(throws: FreshetError.self) { try await authenticator.login(["a": "b"]) }
        #expect(error?.kind == .decoding)
        #expect(error?.message.contains(why) == true, "\(String(describing: error))")
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test(
        "URLs that cannot be are refused",
        arguments: ["", "auth.example.com", "wss://x/y", "https://u:s3cret@x/", "ws+unix:/a"]
    )
    func badURLs(_ url: String) {
        let error = #expect(throws: FreshetError.self) {
            try TokenAuthenticator(login: url, send: { _ in HTTPReply(HTTPResponse(status: .ok)) })
        }
        #expect(error?.kind == .invalidInput)
        #expect(error?.description.contains("s3cret") == false)
    }
}
