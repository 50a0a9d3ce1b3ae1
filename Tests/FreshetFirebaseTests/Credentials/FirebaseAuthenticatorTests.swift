// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetFirebase
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

/// Users of Firebase Authentication, against a stand-in on which the test is the server.
@Suite(.timeLimit(.minutes(1)))
struct FirebaseAuthenticatorTests {
    private static func authenticator(
        _ answer: @escaping ScriptedHTTPTransport.Answer
    ) -> (FirebaseAuthenticator, ScriptedHTTPTransport) {
        let transport = ScriptedHTTPTransport(answer)
        let client = HTTPClient(middlewares: [], transport: transport)
        return (FirebaseAuthenticator(apiKey: "k&1", client: client), transport)
    }

    private static func refusal(_ status: Int, _ message: String) throws(FreshetError) -> HTTPReply {
        try .json(
            ["error": ["code": .integer(Int64(status)), "message": .string(message), "status": "INVALID_ARGUMENT"]]
                as JSONValue,
            status: .init(code: status)
        )
    }

    @Test("A refresh is the form of the secure token service, and its answer the ID token, not the access token")
    func refresh() async throws {
        let (authenticator, transport) = Self.authenticator { _, _ throws(FreshetError) in
            try .json(
                [
                    "access_token": "other", "expires_in": "3600", "token_type": "Bearer", "refresh_token": "r2",
                    "id_token": "id2",
                    "user_id": "u", "project_id": "1",
                ] as JSONValue
            )
        }
        let token = try await authenticator.refresh(BearerToken(accessToken: "id1", refreshToken: "r 1&x=/+"))
        #expect(token == BearerToken(accessToken: "id2", refreshToken: "r2", expiresIn: .seconds(3600)))
        let call = try #require(transport.calls.first)
        #expect(call.request.method == .post)
        #expect(call.request.authority == "securetoken.googleapis.com")
        #expect(call.request.path == "/v1/token?key=k%261")
        #expect(call.request.headerFields[.contentType] == "application/x-www-form-urlencoded")
        #expect(call.body?.bytes?.text == "grant_type=refresh_token&refresh_token=r%201%26x%3D%2F%2B")
        var request = HTTPRequest(method: .get, scheme: nil, authority: nil, path: nil)
        authenticator.apply(token, to: &request)
        #expect(request.headerFields[.authorization] == "Bearer id2")
    }

    @Test("Where the answer has no new refresh token, the old one stays")
    func sameRefreshToken() async throws {
        let (authenticator, _) = Self.authenticator { _, _ throws(FreshetError) in
            try .json(["id_token": "id2", "expires_in": "60"] as JSONValue)
        }
        let token = try await authenticator.refresh(BearerToken(accessToken: "id1", refreshToken: "r1"))
        #expect(token.refreshToken == "r1")
    }

    private static let logins: [(FirebaseLogin, String, JSONValue)] = [
        (
            .password(email: "a@b", password: "pw"), "signInWithPassword",
            ["email": "a@b", "password": "pw", "returnSecureToken": true]
        ),
        (.customToken("ct"), "signInWithCustomToken", ["token": "ct", "returnSecureToken": true]),
        (.anonymous, "signUp", ["returnSecureToken": true]),
    ]

    @Test("Each way of signing in has its method", arguments: logins)
    func signingIn(_ login: FirebaseLogin, _ method: String, _ body: JSONValue) async throws {
        let (authenticator, transport) = Self.authenticator { _, _ throws(FreshetError) in
            try .json(["idToken": "id", "refreshToken": "r", "expiresIn": "3600", "localId": "u"] as JSONValue)
        }
        let token = try await authenticator.login(login)
        #expect(token == BearerToken(accessToken: "id", refreshToken: "r", expiresIn: .seconds(3600)))
        let call = try #require(transport.calls.first)
        #expect(call.request.authority == "identitytoolkit.googleapis.com")
        #expect(call.request.path == "/v1/accounts:\(method)?key=k%261")
        let sent = HTTPReply(HTTPResponse(status: .ok), body: try #require(call.body))
        #expect(try sent.decoded(as: JSONValue.self) == body)
        #expect(!"\(login) \(String(reflecting: login))".contains("pw"))
    }

    @Test(
        "What ends a session, and what does not",
        arguments: [
            (400, "TOKEN_EXPIRED", FreshetError.Kind.unauthorized), (400, "USER_DISABLED", .unauthorized),
            (400, "INVALID_REFRESH_TOKEN", .unauthorized), (400, "INVALID_LOGIN_CREDENTIALS", .unauthorized),
            (400, "TOO_MANY_ATTEMPTS_TRY_LATER : Access is disabled", .rateLimited(retryAfter: nil)),
            (400, "API key not valid. Please pass a valid API key.", .rejected(status: 400)),
            (403, "Requests are blocked", .rejected(status: 403)),
            (429, "QUOTA_EXCEEDED", .rateLimited(retryAfter: nil)),
            (503, "", .server(status: 503)), (400, "PROJECT_NUMBER_MISMATCH", .rejected(status: 400)),
        ]
    )
    func refusals(_ status: Int, _ message: String, _ kind: FreshetError.Kind) async {
        let (authenticator, _) = Self.authenticator { _, _ throws(FreshetError) in try Self.refusal(status, message) }
        let error = await #expect(throws: FreshetError.self) {
            try await authenticator.refresh(BearerToken(accessToken: "a", refreshToken: "r"))
        }
        #expect(error?.kind == kind)
    }

    @Test("The server's own words, and what was sent, are in no error")
    func secrets() async {
        let (authenticator, _) = Self.authenticator { _, _ throws(FreshetError) in
            try Self.refusal(400, "secret-r is bad")
        }
        let error = await #expect(throws: FreshetError.self) {
            try await authenticator.refresh(BearerToken(accessToken: "a", refreshToken: "secret-r"))
        }
        #expect(error.map { !"\($0)".contains("secret-r") } == true)
        #expect(!"\(authenticator) \(String(reflecting: authenticator))".contains("k&1"))
    }

    @Test(
        "An answer without a token, or with one that no header has, is no login",
        arguments: ["{}", "[]", #"{"id_token":"a b"}"#, #"{"id_token":""}"#, "x"]
    )
    func badAnswers(_ text: String) async {
        let (authenticator, _) = Self.authenticator { _, _ throws(FreshetError) in
            HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(Array(text.utf8)))
        }
        let error = await #expect(throws: FreshetError.self) { try await authenticator.login(.anonymous) }
        #expect(error?.kind == .decoding)
    }

    @Test("A session renews the ID token for Firestore's calls: once, after a refusal")
    func session() async throws {
        let (authenticator, tokens) = Self.authenticator { _, number throws(FreshetError) in
            try .json(["id_token": .string("id\(number)"), "refresh_token": "r", "expires_in": "3600"] as JSONValue)
        }
        let session = AuthSession(authenticator)
        try await session.login(.refreshToken("r"))
        let transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
            guard call.request.headerFields[.authorization] == "Bearer id2" else {
                return try .json(
                    ["error": ["code": 401, "message": "expired", "status": "UNAUTHENTICATED"]] as JSONValue,
                    status: .unauthorized
                )
            }
            return try .json([["readTime": "2024-01-02T03:04:05Z"]] as JSONValue)
        }
        var configuration = FirestoreConfiguration(credentials: session.provider())
        configuration.server = "https://firestore.test"
        let firestore = Firestore(project: "p", configuration: configuration, transport: transport)
        #expect(try await firestore.collection("users").get().isEmpty)
        #expect(try await firestore.collection("users").get().isEmpty)
        #expect(tokens.calls.count == 2)
        #expect(transport.calls.count == 3)
        try await session.logout()
    }
}
