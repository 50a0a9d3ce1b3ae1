// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// A server whose tokens are numbers: signed in with one, renewed as a test says, or by one more.
final class NumberedTokens: Authenticator {
    typealias Answer = @Sendable (Int) async throws(FreshetError) -> Int

    private let answer: Answer
    private let count = Locked(0)

    init(_ answer: @escaping Answer = { $0 + 1 }) { self.answer = answer }

    var refreshes: Int { self.count.withLock { $0 } }

    func login(_ number: Int) async throws(FreshetError) -> BearerToken { self.token(number) }

    func refresh(_ credential: BearerToken) async throws(FreshetError) -> BearerToken {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        return self.token(try await self.answer(number))
    }

    func apply(_ credential: BearerToken, to request: inout HTTPRequest) {
        request.headerFields[.authorization] = "Bearer \(credential.accessToken)"
    }

    private func token(_ number: Int) -> BearerToken {
        BearerToken(accessToken: "token-\(number)", expiresIn: .seconds(3600))
    }
}
