// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetHTTP
import HTTPTypes

/// What the secure token service, or the one where users sign in, answered: the same in other words.
struct FirebaseTokenReply: Sendable {
    /// No tokens are larger.
    static let limit = 1 << 20

    private struct Body: Decodable {
        struct Failure: Decodable { let message: String? }
        let id_token: String?, access_token: String?, refresh_token: String?, expires_in: String?
        let idToken: String?, refreshToken: String?, expiresIn: String?
        let error: Failure?
    }

    private let response: HTTPResponse
    private let body: Body?

    init(_ response: HTTPResponse, _ body: Bytes) {
        self.response = response
        self.body = try? JSONDecoder().decode(Body.self, from: Data(body.array))
    }

    func token() throws(FreshetError) -> BearerToken {
        guard self.response.status.kind == .successful else { throw self.error() }
        // The secure token service calls the ID token by two names; an access token of Google's it is not.
        guard let token = self.body?.id_token ?? self.body?.idToken ?? self.body?.access_token, !token.isEmpty,
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw FreshetError(.decoding, "the answer of Firebase Authentication has no ID token")
        }
        let seconds = (self.body?.expires_in ?? self.body?.expiresIn).flatMap { Int64($0) }
        return BearerToken(
            accessToken: token,
            refreshToken: self.body?.refresh_token ?? self.body?.refreshToken,
            expiresIn: seconds.flatMap { (0...1_000_000_000).contains($0) ? .seconds($0) : nil }
        )
    }

    /// What proves a user was refused: the session is over.
    private static let ends: Set<String> = [
        "TOKEN_EXPIRED", "USER_DISABLED", "USER_NOT_FOUND", "INVALID_REFRESH_TOKEN", "MISSING_REFRESH_TOKEN",
        "INVALID_LOGIN_CREDENTIALS", "INVALID_PASSWORD", "EMAIL_NOT_FOUND", "INVALID_EMAIL", "MISSING_PASSWORD",
        "INVALID_CUSTOM_TOKEN", "CREDENTIAL_MISMATCH", "INVALID_ID_TOKEN",
    ]

    /// What concerns the project: the user is not signed out for that.
    private static let others: Set<String> = [
        "OPERATION_NOT_ALLOWED", "ADMIN_ONLY_OPERATION", "PROJECT_NUMBER_MISMATCH", "INVALID_GRANT_TYPE",
        "CONFIGURATION_NOT_FOUND", "TOO_MANY_ATTEMPTS_TRY_LATER", "QUOTA_EXCEEDED",
    ]

    /// The server's words may repeat what it was sent: only its codes are told on.
    private func error() -> FreshetError {
        let status = self.response.status.code
        let word = self.body?.error?.message?.split(separator: " ").first.map { String($0) } ?? ""
        let isKnown = Self.ends.contains(word) || Self.others.contains(word)
        let message = "Firebase Authentication answered with \(status)\(isKnown ? ": \(word)" : "")"
        if Self.ends.contains(word) { return FreshetError(.unauthorized, message, hint: "sign in again") }
        let after = self.response.headerFields[.retryAfter].flatMap {
            RetryAfter.parse($0, now: Int64(Date().timeIntervalSince1970))
        }
        switch status {
        case _ where word == "TOO_MANY_ATTEMPTS_TRY_LATER" || status == 429:
            return FreshetError(.rateLimited(retryAfter: after), message, hint: "try again later")
        case 500...: return FreshetError(.server(status: status), message)
        default:
            return FreshetError(
                .rejected(status: status),
                message,
                hint: "check the API key, and which ways of signing in the project allows"
            )
        }
    }
}
