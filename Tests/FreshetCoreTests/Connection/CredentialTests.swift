// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Credentials that the server refuses, that do not come, or that expire too early.
struct CredentialTests {
    private typealias Action = ConnectionMachine.Action

    private static let signedOut = ConnectionEnd.failure(FreshetError(.unauthorized, "signed out"))
    private static let refusals: [ConnectionEnd] = [
        .unauthorized, .closeFrame(code: 4403, reason: ""), .failure(FreshetError(.unauthorized, "401")),
        .failure(FreshetError(.forbidden, "403")),
    ]

    private func asking(
        _ reason: ConnectionMachine.CredentialReason,
        _ epoch: ConnectionMachine.Epoch,
        attempt: Int = 1
    ) -> [Action] {
        [
            .report(.connecting(attempt: attempt)), .start(.credentials, .seconds(10), epoch),
            .askCredentials(epoch, reason),
        ]
    }

    /// Connected with credentials.
    private func live(lifetime: Duration? = nil) -> ConnectionDriver {
        var driver = Stage.asking.driver
        driver.connect(lifetime: lifetime)
        return driver
    }

    @Test("Refused once: others are asked for at once, without a wait", arguments: refusals)
    func refusedOnce(_ end: ConnectionEnd) {
        var driver = Stage.asking.driver
        _ = driver.credentials()
        #expect(driver.ended(end) == [.stop(.acknowledge, 1), .lost(1)] + asking(.refused, 2))
    }

    @Test("Refused twice: it waits for new ones, and the feeds live on", arguments: refusals)
    func refusedTwice(_ end: ConnectionEnd) {
        var driver = live()
        #expect(Array(driver.ended(end).suffix(3)) == asking(.refused, 2))
        _ = driver.credentials()
        #expect(driver.ended(end) == [.stop(.acknowledge, 2), .lost(2), .report(.needsCredentials(end.feedError))])
        #expect(driver.on(.wanted) == [])
        #expect(driver.fired(.retry) == [])
    }

    @Test("New credentials resume it, and the outage counts from the first loss")
    func resumed() {
        var driver = live()
        driver.now = .seconds(100)
        _ = driver.ended(.unauthorized)
        _ = driver.credentials()
        driver.now = .seconds(101)
        _ = driver.ended(.unauthorized)
        driver.now = .seconds(160)
        #expect(driver.on(.hint(.credentialsChanged)) == asking(.connecting, 3))
        _ = driver.credentials()
        _ = driver.opened()
        #expect(
            driver.ready().contains(
                .subscribeAll(3, outage: .seconds(60), reason: ConnectionEnd.unauthorized.feedError.message)
            )
        )
    }

    @Test("New ones that are refused too make it wait again, without asking in between")
    func resumedInVain() {
        var driver = live()
        for _ in 0..<2 {
            _ = driver.ended(.unauthorized)
            _ = driver.credentials()
        }
        for _ in 0..<3 {
            _ = driver.on(.hint(.credentialsChanged))
            _ = driver.credentials()
            #expect(
                driver.ended(.unauthorized).last == .report(.needsCredentials(ConnectionEnd.unauthorized.feedError))
            )
        }
    }

    @Test("Other hints do not resume it")
    func otherHints() {
        var driver = Stage.parked.driver
        #expect(driver.on(.hint(.networkChanged)) == [])
        #expect(driver.on(.hint(.resume)) == [])
        #expect(driver.on(.hint(.credentialsChanged)).dials)
    }

    @Test("Nobody waits for credentials when it is not parked", arguments: Stage.allCases.filter { $0 != .parked })
    func credentialsChangedElsewhere(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.hint(.credentialsChanged)) == [])
    }

    @Test("The provider's own word that there are none is enough")
    func providersWord() {
        var driver = Stage.asking.driver
        #expect(
            driver.ended(Self.signedOut) == [
                .stop(.credentials, 1), .lost(1), .report(.needsCredentials(Self.signedOut.feedError)),
            ]
        )
        #expect(driver.on(.hint(.credentialsChanged)) == asking(.connecting, 2))
    }

    @Test("The provider's other failures are tried again, or fatal")
    func providersFailures() {
        var driver = live()
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        #expect(driver.ended(.refused).retryDelay == .milliseconds(250))
        _ = driver.fired(.retry)
        let bug = ConnectionEnd.failure(FreshetError(.credentials, "no such key"))
        #expect(driver.ended(bug).failure == bug.feedError)
    }

    @Test("Without a provider there is nothing to refresh: it gives up", arguments: refusals, [Stage.dialing, .live])
    func noProvider(_ end: ConnectionEnd, _ stage: Stage) {
        var driver = stage.driver
        #expect(Array(driver.ended(end).suffix(2)) == [.report(.failed(end.feedError)), .fail(end.feedError)])
        #expect(driver.on(.hint(.credentialsChanged)) == [])
    }

    @Test("Credentials that have proven good are refreshed once more when they are refused")
    func provenByHealth() {
        var driver = live()
        for _ in 0..<3 {
            driver.now += .seconds(30)
            #expect(driver.ended(.unauthorized).contains(.askCredentials(driver.epoch, .refused)))
            _ = driver.credentials()
            driver.connect()
        }
    }

    @Test("Accepted ones that a gateway refuses once, soon after others were refused, are replaced at once")
    func refusedOnTheWay() {
        var driver = live()
        _ = driver.ended(.unauthorized)
        _ = driver.credentials()
        driver.connect()
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        _ = driver.credentials()
        #expect(
            driver.ended(.failure(FreshetError(.forbidden, "403"))).contains(.askCredentials(driver.epoch, .refused))
        )
    }

    @Test("Those that were accepted and are refused soon after are replaced by others, but not at once")
    func refusedSoonAfter() {
        var driver = live()
        _ = driver.ended(.unauthorized)
        for attempt in 1...3 {
            _ = driver.credentials()
            driver.connect()
            driver.now += .seconds(3)
            #expect(driver.ended(.unauthorized).retryDelay == .milliseconds(125 << (attempt - 1)))
            #expect(driver.fired(.retry) == asking(.refused, driver.epoch, attempt: attempt + 1))
        }
        // What is not accepted at all needs somebody else.
        _ = driver.credentials()
        #expect(driver.ended(.unauthorized).last == .report(.needsCredentials(ConnectionEnd.unauthorized.feedError)))
    }

    @Test("Credentials that lived to their end were good ones, however short their life")
    func provenByExpiry() {
        var driver = live(lifetime: .seconds(4))
        for _ in 0..<3 {
            driver.now += .seconds(4)
            #expect(driver.ended(.unauthorized).contains(.askCredentials(driver.epoch, .refused)))
            driver.connect(lifetime: .seconds(4))
        }
        driver.now += .seconds(3)
        #expect(driver.ended(.unauthorized).retryDelay != nil)
    }

    @Test("A provider that does not answer in time is dropped, and the first time that is loud")
    func deadline() throws {
        var driver = Stage.asking.driver
        let actions = driver.fired(.credentials)
        let end = try #require(actions.abandoned(1))
        #expect(actions.first == .dropCredentials(1))
        #expect(actions.count == 2)
        #expect(end.feedError.kind == .timeout(.credentials))
        #expect(driver.ended(end).failure == end.feedError)
        // An answer that comes all the same is too late.
        #expect(driver.on(.credentials(1, lifetime: nil)) == [])
    }

    @Test("D3 A provider that does not answer later is asked again after a wait")
    func deadlineOfRetry() {
        var driver = live()
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        _ = driver.fired(.credentials)
        #expect(
            driver.ended(.failure(FreshetError(.timeout(.credentials), "slow"))).retryDelay == .milliseconds(250)
        )
        #expect(driver.fired(.retry).contains(.askCredentials(3, .connecting)))
    }

    @Test("B7 Credentials that expire before the socket is open are never sent", arguments: [5, 6])
    func expiredBeforeOpen(_ seconds: Int) throws {
        var driver = live()
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        _ = driver.credentials(lifetime: .seconds(5))
        driver.now += .seconds(seconds)
        let actions = driver.opened()
        let end = try #require(actions.abandoned(2))
        #expect(actions.count == 1)
        #expect(end.feedError.kind == .timeout(.credentials))
        #expect(driver.ended(end).retryDelay == .milliseconds(250))
        #expect(driver.fired(.retry).contains(.askCredentials(3, .connecting)))
    }

    @Test("Credentials that live a moment longer are sent")
    func notExpiredBeforeOpen() {
        var driver = Stage.asking.driver
        _ = driver.credentials(lifetime: .seconds(5))
        driver.now += .milliseconds(4999)
        #expect(driver.opened().contains(.handshake(1)))
    }

    @Test("Leaving while new credentials are waited for is the end of it", arguments: [false, true])
    func leavingParked(forGood: Bool) {
        var driver = Stage.parked.driver
        #expect(driver.on(forGood ? .close : .unwanted) == [.stop(.retry, 1), .report(.idle)])
        #expect(driver.on(.hint(.credentialsChanged)) == [])
        #expect(driver.on(.wanted).dials == !forGood)
    }

    @Test("An answer to a question that was taken back is dropped")
    func lateAnswer() {
        var driver = Stage.asking.driver
        #expect(driver.on(.unwanted).contains(.dropCredentials(1)))
        #expect(driver.on(.credentials(1, lifetime: nil)) == [])
        #expect(driver.ended(Self.signedOut) == [])
        #expect(driver.on(.wanted) == asking(.connecting, 2))
    }
}
