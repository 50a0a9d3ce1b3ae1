// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Who decides what while there is no WebSocket to be had: credentials, the user's own words, the limit of attempts.
struct FallbackDecisionTests {
    private static let error = FreshetError(
        .forbidden,
        "no WebSockets here",
        refusal: HTTPRefusal(status: 403, retryAfter: nil, authenticate: nil, body: [])
    )
    private static let forbidden = ConnectionEnd.failure(Self.error)

    /// With somebody who can do without the WebSocket.
    private func driver(_ stage: Stage = .dialing, _ policy: ConnectionPolicy = ConnectionPolicy()) -> ConnectionDriver
    {
        var driver = stage.driver(policy)
        _ = driver.on(.pollable(true))
        return driver
    }

    @Test("Refused credentials are asked for anew first; only then is it polled, and new ones are tried at once")
    func credentials() {
        var driver = driver(.asking)
        _ = driver.credentials()
        #expect(driver.ended(Self.forbidden).contains(.askCredentials(2, .refused)))
        _ = driver.credentials()
        let actions = driver.ended(Self.forbidden)
        #expect(actions.contains(.poll(because: Self.error, isTrial: false)))
        #expect(!actions.contains(.failUnpollable(Self.error)))
        #expect(driver.on(.hint(.credentialsChanged)).dials)
    }

    @Test("The provider's own 403 is about the credentials")
    func provider() {
        var driver = driver(.asking)
        let actions = driver.ended(Self.forbidden)
        #expect(actions.contains(.report(.needsCredentials(Self.error))))
        #expect(!actions.polls)
    }

    @Test("While polling, a second 401 waits for credentials as ever, and polling goes on")
    func parked() {
        var driver = driver(.asking)
        _ = driver.credentials()
        _ = driver.ended(Self.forbidden)
        _ = driver.credentials()
        _ = driver.ended(Self.forbidden)
        _ = driver.fired(.retry)
        _ = driver.credentials()
        let error = FreshetError(.unauthorized, "who are you?")
        #expect(driver.ended(.failure(error)) == [.stop(.acknowledge, 3), .lost(3), .report(.needsCredentials(error))])
        #expect(driver.on(.hint(.credentialsChanged)).dials)
    }

    @Test("What the user says of a status counts")
    func overrides() {
        var driver = driver()
        #expect(driver.on(.ended(1, Self.forbidden, .fatal, isOverride: true)).failure == Self.error)
        driver = self.driver()
        #expect(driver.on(.ended(1, Self.forbidden, .retry, isOverride: true)).polls)
    }

    @Test("The limit of attempts keeps its meaning", arguments: [0, 2])
    func attempts(limit: Int) {
        var policy = ConnectionPolicy()
        policy.attempts = limit
        var driver = driver(.dialing, policy)
        for _ in 0..<limit {
            #expect(driver.ended(Self.forbidden).failure == nil)
            _ = driver.fired(.retry)
        }
        let actions = driver.ended(Self.forbidden)
        #expect(actions.failure == Self.error)
        #expect(actions.contains(.stopPolling(subscriptionsFollow: false)) == (limit > 0))
    }
}
