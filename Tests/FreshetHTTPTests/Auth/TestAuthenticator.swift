// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP

/// A server's side of signing in and renewing, as a test says.
final class TestAuthenticator: Authenticator {
    typealias Answer = @Sendable (Int, BearerToken) async throws(FreshetError) -> BearerToken

    private let answer: Answer
    private let count = Locked(0)
    let revoked = Locked<[BearerToken]>([])

    /// What renewal number n, from 1, gets; without it "token-n+1", for an hour.
    init(_ answer: @escaping Answer = { number, _ in .test(number + 1) }) {
        self.answer = answer
    }

    /// How many renewals there were.
    var refreshes: Int { self.count.withLock { $0 } }

    /// What is signed in with is the token.
    func login(_ token: BearerToken) async throws(FreshetError) -> BearerToken { token }

    func refresh(_ credential: BearerToken) async throws(FreshetError) -> BearerToken {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        return try await self.answer(number, credential)
    }

    func apply(_ credential: BearerToken, to request: inout HTTPRequest) {
        // Appended, so that a test sees whether it was done twice.
        request.headerFields.append(HTTPField(name: .authorization, value: "Bearer \(credential.accessToken)"))
    }

    func revoke(_ credential: BearerToken) async throws(FreshetError) {
        self.revoked.withLock { $0.append(credential) }
    }
}

extension BearerToken {
    /// "token-n".
    static func test(_ number: Int, expiresIn: Duration? = .seconds(3600)) -> BearerToken {
        BearerToken(accessToken: "token-\(number)", refreshToken: "refresh-\(number)", expiresIn: expiresIn)
    }
}

/// Shut until it is opened, then open for ever.
final class Gate: Sendable {
    private let state = Locked<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = self.state.withLock { state in
            defer { state = (true, []) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
