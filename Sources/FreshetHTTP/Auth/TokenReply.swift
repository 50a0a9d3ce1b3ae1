// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport
import HTTPTypes

/// What a token endpoint answered (RFC 6749 5.1, 5.2).
struct TokenReply: Sendable {
    /// No tokens are larger.
    static let limit = 1 << 20

    private let response: HTTPResponse
    private let body: [String: JSONValue]?

    init(_ response: HTTPResponse, _ body: Bytes) {
        self.response = response
        self.body = try? JSONDecoder().decode([String: JSONValue].self, from: Data(body.array))
    }

    var isSuccess: Bool { self.response.status.kind == .successful }

    func token() throws(FreshetError) -> BearerToken {
        guard let body else {
            throw FreshetError(
                .decoding,
                "the server's answer with the token is not a JSON object",
                hint: "check the URL"
            )
        }
        guard let access = self.text("access_token", "accessToken"), !access.isEmpty else {
            let names = body.keys.sorted().prefix(20).joined(separator: ", ")
            throw FreshetError(
                .decoding,
                "the server's answer has no access_token; it has: \(names.prefix(200))",
                hint: "write an Authenticator of your own for a server that calls it otherwise"
            )
        }
        guard Self.isHeaderText(access) else {
            throw FreshetError(.decoding, "the server's token has characters that no header field may have")
        }
        let kind = self.text("token_type", "tokenType").flatMap { Self.isHeaderText($0) ? $0 : nil }
        return BearerToken(
            accessToken: access,
            refreshToken: self.text("refresh_token", "refreshToken"),
            // Many servers say it in small letters, and some want it back in large ones.
            tokenType: kind.map { $0.lowercased() == "bearer" ? "Bearer" : $0 } ?? "Bearer",
            expiresIn: try self.expiresIn()
        )
    }

    /// What a refusal means. The server's own words may contain what it was sent: none of them but the codes of RFC
    /// 6749 5.2.
    func error(_ what: String) -> FreshetError {
        let status = self.response.status.code
        let code = self.text("error", "error").flatMap { Self.codes.contains($0) ? ": \($0)" : nil } ?? ""
        let message = "the server answered the \(what) with \(status)\(code)"
        switch status {
        case 400, 401, 403: return FreshetError(.unauthorized, message, hint: Self.hint(code))
        case 429:
            let now = Int64(Date().timeIntervalSince1970)
            let after = self.response.headerFields[.retryAfter].flatMap { RetryAfter.parse($0, now: now) }
            return FreshetError(.rateLimited(retryAfter: after), message)
        case 500...: return FreshetError(.server(status: status), message)
        default: return FreshetError(.rejected(status: status), message, hint: "check the URL")
        }
    }

    private static let codes: Set<String> = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope",
    ]

    private static func hint(_ code: String) -> String {
        switch code {
        case "", ": invalid_grant": "check what was signed in with, or sign in again"
        default: "check the client's settings: its id, its secret, and what the server allows it"
        }
    }

    private func text(_ name: String, _ other: String) -> String? {
        for case .string(let text)? in [self.body?[name], self.body?[other]] { return text }
        return nil
    }

    private func expiresIn() throws(FreshetError) -> Duration? {
        let seconds: Double?
        switch self.body?["expires_in"] ?? self.body?["expiresIn"] {
        case nil, .null: return nil
        case .integer(let value): seconds = Double(value)
        case .number(let value): seconds = value
        // Some servers put it into quotes.
        case .string(let text): seconds = Double(text)
        default: seconds = nil
        }
        guard let seconds, seconds.isFinite else {
            throw FreshetError(.decoding, "the server's expires_in is not a number of seconds")
        }
        return .seconds(min(max(seconds, -1e9), 1e10))
    }

    private static func isHeaderText(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
