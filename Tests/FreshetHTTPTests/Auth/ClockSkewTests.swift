// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// This machine's clock is wrong by an hour, in either direction.
@Suite(.timeLimit(.minutes(1)))
struct ClockSkewTests {
    /// The server's time, at the beginning.
    private static let now = 1_700_000_000

    private func harness(skew: Int, _ answer: @escaping TestAuthenticator.Answer = { number, _ in .test(number + 1) })
        -> SessionHarness
    {
        let harness = SessionHarness(answer)
        harness.wall.withLock { $0 = Date(timeIntervalSince1970: Double(Self.now + skew)) }
        return harness
    }

    @Test(
        "A token that says when it was made lives from when it came, whatever the clock says",
        arguments: [-3600, 3600]
    )
    func lifetime(_ skew: Int) async throws {
        let harness = self.harness(skew: skew)
        let jwt = Tokens.jwt(from: Self.now, to: Self.now + 1800)
        try await harness.session.login(BearerToken(accessToken: jwt, refreshToken: "r"))
        #expect(try await harness.session.lease().lifetime == .seconds(1800))
        harness.pass(.seconds(1600))
        #expect(try await harness.token() == jwt)
        #expect(harness.authenticator.refreshes == 0)
        harness.pass(.seconds(200))
        // Neither sent after its end, nor renewed again and again.
        for _ in 0..<10 { #expect(try await harness.token() == "token-2") }
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test("A clock that is set while the session lives changes nothing", arguments: [-3600.0, 3600])
    func setMeanwhile(_ change: Double) async throws {
        let harness = self.harness(skew: 0)
        try await harness.session.login(.test(1))
        harness.wall.withLock { $0 += change }
        harness.pass(.seconds(3000))
        #expect(try await harness.token() == "token-1")
        harness.pass(.seconds(600))
        #expect(try await harness.token() == "token-2")
    }

    @Test("A token that says only when it ends, and by a clock that is an hour ahead has ended: a typed error, no loop")
    func ahead() async throws {
        let jwt = Tokens.jwt(#"{"exp":\#(Self.now + 1800)}"#)
        let harness = self.harness(skew: 3600) { _, _ in BearerToken(accessToken: jwt, refreshToken: "r") }
        let atLogin = await #expect(throws: FreshetError.self) {
            try await harness.session.login(BearerToken(accessToken: jwt, refreshToken: "r"))
        }
        #expect(atLogin?.kind == .credentials)
        #expect(atLogin?.message.contains("by this machine's clock") == true)
        #expect(atLogin?.hint?.contains("wrong by an hour") == true)
        try await harness.session.login(.test(1))
        harness.pass(.seconds(3600))
        for _ in 0..<20 {
            let error = await #expect(throws: FreshetError.self) { try await harness.token() }
            #expect(error?.kind == .credentials)
        }
        #expect(harness.authenticator.refreshes == 6)
    }

    @Test("By a clock that is an hour behind such a token lives too long: its refusal renews it, once")
    func behind() async throws {
        let harness = self.harness(skew: -3600)
        let jwt = Tokens.jwt(#"{"exp":\#(Self.now + 1800)}"#)
        try await harness.session.login(BearerToken(accessToken: jwt, refreshToken: "r"))
        harness.pass(.seconds(1800))
        let dead = try await harness.session.lease()
        #expect(dead.credential.accessToken == jwt)
        #expect(try await harness.session.lease(after: dead).credential.accessToken == "token-2")
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test(
        "A token whose claims say that it ends before it begins is a typed error",
        arguments: [Tokens.jwt(from: Self.now, to: Self.now), Tokens.jwt(from: Self.now, to: Self.now - 60)]
    )
    func endsBeforeItBegins(_ jwt: String) async {
        let harness = self.harness(skew: 0)
        let error = await #expect(throws: FreshetError.self) {
            try await harness.session.login(BearerToken(accessToken: jwt))
        }
        #expect(error?.kind == .credentials)
        #expect(error?.hint?.contains("settings are wrong") == true)
    }

    @Test("A stored token by a clock that went back since: it is taken for good, and its refusal tells")
    func storedInTheFuture() async throws {
        let store = MemoryCredentialStore()
        try await SessionHarness(store: store).session.login(.test(1))
        let harness = SessionHarness(store: store)
        harness.wall.withLock { $0 -= 3600 }
        #expect(try await harness.session.lease().lifetime == .seconds(3600))
    }

    @Test("A stored token by a clock that is an hour ahead since is renewed once, and then lives")
    func storedInThePast() async throws {
        let store = MemoryCredentialStore()
        try await SessionHarness(store: store).session.login(.test(1))
        let harness = SessionHarness(store: store)
        harness.wall.withLock { $0 += 3600 }
        for _ in 0..<10 { #expect(try await harness.token() == "token-2") }
        #expect(harness.authenticator.refreshes == 1)
    }
}
