// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// When there is no WebSocket to be had: who lives on, who does not, and when it is over.
struct FallbackTests {
    private typealias Action = ConnectionMachine.Action

    private static let error = FreshetError(
        .forbidden,
        "no WebSockets here",
        refusal: HTTPRefusal(status: 403, retryAfter: nil, authenticate: nil, body: [])
    )
    private static let forbidden = ConnectionEnd.failure(Self.error)
    private static let unreachable = ConnectionEnd.refused.feedError

    private func polling(_ milliseconds: Int, _ attempt: Int, _ error: FreshetError = Self.error) -> [Action] {
        [
            .report(.polling(delay: .milliseconds(milliseconds), attempt: attempt, error: error)),
            .start(.retry, .milliseconds(milliseconds), ConnectionMachine.Epoch(attempt)),
        ]
    }

    /// With somebody who can do without the WebSocket.
    private func driver(_ stage: Stage = .dialing, _ policy: ConnectionPolicy = ConnectionPolicy()) -> ConnectionDriver
    {
        var driver = stage.driver(policy)
        _ = driver.on(.pollable(true))
        return driver
    }

    @Test("An upgrade that is refused in HTTP at the very first: polling at once, and whoever cannot ends")
    func refusedFirst() {
        var driver = driver()
        #expect(
            driver.ended(Self.forbidden) == [
                .stop(.acknowledge, 1), .lost(1), .failUnpollable(Self.error),
                .poll(because: Self.error, isTrial: false),
            ] + polling(125, 1)
        )
        #expect(driver.fired(.retry) == [.report(.connecting(attempt: 2)), .dial(2)])
        // It goes on, and is not begun again.
        #expect(
            driver.ended(Self.forbidden) == [.stop(.acknowledge, 2), .lost(2), .failUnpollable(Self.error)]
                + polling(250, 2)
        )
        _ = driver.fired(.retry)
        _ = driver.opened()
        #expect(
            driver.ready() == [
                .stop(.acknowledge, 3), .report(.live), .stopPolling(subscriptionsFollow: true),
                .subscribeAll(3, outage: .zero, reason: Self.error.message),
            ]
        )
    }

    @Test(
        "Every answer in HTTP but 401 counts",
        arguments: [
            .upgradeRefused(status: 200), .upgradeRefused(status: 302), .upgradeRefused(status: 404),
            .upgradeRefused(status: 426), .upgradeRefused(status: 429), .upgradeRefused(status: 503),
            .proxyRefused(status: 403), .proxyRefused(status: 502),
        ] as [FreshetError.Kind]
    )
    func refusals(_ kind: FreshetError.Kind) {
        var driver = driver()
        let error = FreshetError(kind, "no")
        #expect(driver.ended(.failure(error)).contains(.poll(because: error, isTrial: false)))
    }

    @Test("401 is about the credentials")
    func unauthorized() {
        var driver = driver()
        let error = FreshetError(.unauthorized, "who are you?")
        #expect(driver.ended(.failure(error)).failure == error)
    }

    @Test("After being live: nobody ends whom a later attempt may help")
    func refusedLater() {
        var driver = driver(.live)
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        let busy = FreshetError(.upgradeRefused(status: 503), "busy")
        let actions = driver.ended(.failure(busy))
        #expect(
            actions == [.stop(.acknowledge, 2), .lost(2), .poll(because: busy, isTrial: false)] + polling(250, 2, busy)
        )
        _ = driver.fired(.retry)
        // But whom none will help ends.
        #expect(driver.ended(Self.forbidden).contains(.failUnpollable(Self.error)))
    }

    @Test("Other failures count one after another; being live begins anew")
    func counted() {
        var driver = driver(.live)
        for round in 1...2 {
            #expect(!driver.ended(.goingAway).polls)
            for attempt in 1...3 {
                _ = driver.fired(.retry)
                let actions = driver.ended(.refused)
                #expect(actions.polls == (attempt == 3))
                #expect(actions.failure == nil)
            }
            _ = driver.fired(.retry)
            _ = driver.opened()
            #expect(driver.ready().contains(.stopPolling(subscriptionsFollow: true)), "round \(round)")
        }
    }

    @Test("How many it takes is a policy, and so is whether at all")
    func policy() {
        var policy = ConnectionPolicy()
        policy.fallback?.failures = 1
        var driver = driver(.live, policy)
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        #expect(driver.ended(.refused).polls)
        policy.fallback = nil
        driver = self.driver(.dialing, policy)
        #expect(driver.ended(Self.forbidden).failure == Self.error)
    }

    @Test("Nobody who can do without it: as ever")
    func nobody() {
        var driver = Stage.dialing.driver
        #expect(driver.ended(Self.forbidden).failure == Self.error)
    }

    // MARK: - The trial

    @Test("An unreachable server at the very first: one poll, and if that succeeds it is no wrong URL")
    func trialSucceeds() {
        var driver = driver()
        #expect(
            driver.ended(.refused) == [
                .stop(.acknowledge, 1), .lost(1), .failUnpollable(Self.unreachable),
                .poll(because: Self.unreachable, isTrial: true),
            ]
        )
        #expect(driver.machine.isOnTrial)
        // It is over soon; nothing else happens before.
        #expect(driver.on(.hint(.networkChanged)) == [])
        #expect(driver.on(.polled) == polling(125, 1, Self.unreachable))
        #expect(driver.on(.polled) == [])
        #expect(driver.on(.pollFailed) == [])
        _ = driver.fired(.retry)
        // From here on nothing is a trial.
        #expect(
            driver.ended(.refused) == [.stop(.acknowledge, 2), .lost(2), .failUnpollable(Self.unreachable)]
                + polling(250, 2, Self.unreachable)
        )
    }

    @Test("An unreachable server at the very first, and no snapshot either: loud, with the WebSocket's error")
    func trialFails() {
        var driver = driver()
        _ = driver.ended(.refused)
        #expect(
            driver.on(.pollFailed) == [
                .stopPolling(subscriptionsFollow: false), .report(.failed(Self.unreachable)), .fail(Self.unreachable),
            ]
        )
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(2)])
    }

    @Test("Who leaves while it is tried leaves no trace")
    func trialLeft() {
        var driver = driver()
        _ = driver.ended(.refused)
        #expect(
            driver.on(.unwanted) == [
                .stopPolling(subscriptionsFollow: false), .stop(.retry, 1), .report(.idle),
            ]
        )
        #expect(driver.on(.pollable(false)) == [])
        #expect(driver.on(.polled) == [])
    }

    @Test("Where the first connection may wait, no trial is needed")
    func waitsForFirst() {
        var policy = ConnectionPolicy()
        policy.waitsForFirstConnection = true
        var driver = driver(.dialing, policy)
        for attempt in 1...3 {
            let actions = driver.ended(.refused)
            #expect(actions.polls == (attempt == 3))
            #expect(!actions.contains(.failUnpollable(Self.unreachable)))
            _ = driver.fired(.retry)
        }
    }

    // MARK: - Coming and going

    @Test("Who comes while there is no WebSocket to be had is polled at once; after the last one it is over")
    func comeAndGo() {
        var driver = Stage.live.driver
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        let busy = FreshetError(.upgradeRefused(status: 503), "busy")
        #expect(!driver.ended(.failure(busy)).polls)
        #expect(
            driver.on(.pollable(true)) == [
                .poll(because: busy, isTrial: false),
                .report(.polling(delay: .milliseconds(250), attempt: 2, error: busy)),
            ]
        )
        #expect(
            driver.on(.pollable(false)) == [
                .stopPolling(subscriptionsFollow: false),
                .report(.waiting(delay: .milliseconds(250), attempt: 2, error: busy)),
            ]
        )
    }

    @Test("Who comes while a mere drop is waited for is not")
    func comeAfterDrop() {
        var driver = Stage.waiting.driver
        #expect(driver.on(.pollable(true)) == [])
    }

    @Test("A changed network dials at once, sleep ends it", arguments: [ConnectionHint.networkChanged, .suspend])
    func hints(_ hint: ConnectionHint) {
        var driver = driver()
        _ = driver.ended(Self.forbidden)
        let actions = driver.on(.hint(hint))
        if hint == .networkChanged {
            #expect(actions == [.stop(.retry, 1), .report(.connecting(attempt: 2)), .dial(2)])
        } else {
            #expect(actions == [.stopPolling(subscriptionsFollow: false), .stop(.retry, 1), .report(.suspended)])
        }
    }

    @Test("Closing ends it", arguments: [false, true])
    func close(isDialing: Bool) {
        var driver = driver()
        _ = driver.ended(Self.forbidden)
        if isDialing { _ = driver.fired(.retry) }
        #expect(driver.on(.close).first == .stopPolling(subscriptionsFollow: false))
    }
}

extension [ConnectionMachine.Action] {
    /// Whether polling begins.
    var polls: Bool {
        contains { if case .poll = $0 { true } else { false } }
    }
}
