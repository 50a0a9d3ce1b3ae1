// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import FreshetTestSupport

/// A session in virtual time: a clock that never goes back, and one on the wall that may be wrong.
struct SessionHarness: Sendable {
    let clock = ManualClock()
    let wall = Locked(Date(timeIntervalSince1970: 1_700_000_000))
    let store: any CredentialStore
    let authenticator: TestAuthenticator
    let session: AuthSession<TestAuthenticator>

    init(
        store: any CredentialStore = MemoryCredentialStore(),
        policy: RefreshPolicy = RefreshPolicy(),
        _ answer: @escaping TestAuthenticator.Answer = { number, _ in .test(number + 1) }
    ) {
        self.store = store
        self.authenticator = TestAuthenticator(answer)
        self.session = AuthSession(
            self.authenticator,
            store: store,
            policy: policy,
            time: TimeSource(self.clock, jitter: { 0.5 }),
            wall: { [wall] in wall.withLock { $0 } }
        )
    }

    /// Time passes, on both clocks.
    func pass(_ duration: Duration) {
        self.clock.jump(by: duration)
        self.wall.withLock { $0 += duration / .seconds(1) }
    }

    /// The token that calls get now.
    func token() async throws(FreshetError) -> String {
        try await self.session.validCredential().accessToken
    }
}
