// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The very first connection: loud, unless it may wait; and those that are made without anybody, or kept.
struct FirstConnectionTests {
    private static let passing: [ConnectionEnd] = [
        .goingAway, .closeFrame(code: 1000, reason: ""), .closeFrame(code: 4500, reason: "busy"), .refused,
        .failure(FreshetError(.timeout(.connect), "slow")),
        .failure(FreshetError(.upgradeRefused(status: 503), "later"), retryAfter: .seconds(1)),
    ]

    private func waiting(attempts: Int? = nil) -> ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.waitsForFirstConnection = true
        policy.attempts = attempts
        return policy
    }

    @Test(
        "B61 The first connection fails at once and loudly, even where a later one would be tried again",
        arguments: passing,
        [Stage.dialing, .acknowledging]
    )
    func loud(_ end: ConnectionEnd, _ stage: Stage) {
        var driver = stage.driver
        let error = end.feedError
        #expect(driver.ended(end) == [.stop(.acknowledge, 1), .lost(1), .report(.failed(error)), .fail(error)])
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(2)])
        #expect(driver.ended(end).failure == error)
    }

    @Test("The provider's failure is loud the first time, too")
    func loudProvider() {
        var driver = Stage.asking.driver
        let error = FreshetError(.unreachable, "no way to the provider")
        #expect(
            driver.ended(.failure(error)) == [
                .stop(.credentials, 1), .lost(1), .report(.failed(error)), .fail(error),
            ]
        )
    }

    @Test("Where it may wait it is tried again like any other", arguments: passing, [Stage.dialing, .acknowledging])
    func waits(_ end: ConnectionEnd, _ stage: Stage) {
        var driver = stage.driver(waiting())
        let actions = driver.ended(end)
        #expect(actions.failure == nil)
        #expect(actions.retryDelay != nil)
        #expect(driver.fired(.retry) == [.report(.connecting(attempt: 2)), .dial(2)])
    }

    @Test("A fatal end is loud even where it may wait")
    func fatal() {
        var driver = Stage.dialing.driver(waiting())
        let end = ConnectionEnd.failure(FreshetError(.upgradeRefused(status: 404), "no such route"))
        #expect(
            driver.ended(end) == [
                .stop(.acknowledge, 1), .lost(1), .report(.failed(end.feedError)), .fail(end.feedError),
            ]
        )
    }

    @Test("B46 Where it may wait the attempts are counted", arguments: [0, 1, 3])
    func countedAttempts(_ attempts: Int) {
        var driver = Stage.dialing.driver(waiting(attempts: attempts))
        for _ in 0..<attempts {
            #expect(driver.ended(.refused).retryDelay != nil)
            _ = driver.fired(.retry)
        }
        #expect(driver.ended(.refused).failure == ConnectionEnd.refused.feedError)
        #expect(driver.epoch == ConnectionMachine.Epoch(attempts + 1))
    }

    @Test("After giving up the next one is a first connection again")
    func firstAgain() {
        var driver = ConnectionDriver(attempts: 0)
        _ = driver.on(.wanted)
        driver.connect()
        #expect(driver.ended(.goingAway).failure != nil)
        #expect(driver.on(.wanted).attempt == 1)
        #expect(driver.ended(.refused).failure != nil)
        #expect(driver.on(.wanted).attempt == 1)
    }

    // MARK: - Eager

    private var eager: ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.eager = true
        return policy
    }

    @Test("B38 Eager: it stays connected when the last listener leaves")
    func eagerStays() {
        var driver = Stage.live.driver(eager)
        #expect(driver.on(.unwanted) == [])
        #expect(driver.machine.isLive)
        #expect(driver.ended(.goingAway).retryDelay == .milliseconds(125))
        #expect(driver.on(.unwanted) == [])
        #expect(driver.fired(.retry).dials)
        driver.connect()
        #expect(driver.machine.isLive)
    }

    @Test("B39 Eager: closing for good ends it all the same", arguments: Stage.allCases)
    func eagerCloses(_ stage: Stage) {
        var driver = stage.driver(eager)
        _ = driver.on(.close)
        #expect(!driver.ended(.ours).dials)
        #expect(!driver.on(.wanted).dials)
        #expect(!driver.on(.hint(.networkChanged)).dials)
    }

    @Test("B44 B60 Eager: without retries the first drop is told")
    func eagerDrop() {
        var policy = eager
        policy.attempts = 0
        var driver = Stage.live.driver(policy)
        #expect(driver.ended(.closeFrame(code: 1005, reason: "")).failure?.kind == .closed(code: 1005))
        #expect(driver.on(.unwanted) == [])
        #expect(driver.on(.wanted).dials)
    }

    @Test("Eager: suspended it is not, and afterwards it is connected again though nobody listens")
    func eagerSuspended() {
        var driver = Stage.live.driver(eager)
        _ = driver.on(.unwanted)
        _ = driver.on(.hint(.suspend))
        #expect(driver.ended(.ours) == [.report(.suspended)])
        #expect(driver.on(.hint(.resume)) == [.report(.connecting(attempt: 1)), .dial(2)])
    }

    // MARK: - Linger

    private var lingering: ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.linger = .seconds(3)
        return policy
    }

    @Test("B42 With a linger it stays open that long, and then says goodbye")
    func linger() {
        var driver = Stage.live.driver(lingering)
        #expect(driver.on(.unwanted) == [.start(.linger, .seconds(3), 1)])
        #expect(driver.machine.isLive)
        #expect(
            driver.fired(.linger) == [
                .stop(.linger, 1), .stop(.rotate, 1), .lost(1), .report(.closing), .closeSocket(1),
            ]
        )
        #expect(driver.ended(.ours) == [.report(.idle)])
    }

    @Test("B43 Whoever comes meanwhile stops it, and the next leaving begins it anew")
    func lingerStopped() {
        var driver = Stage.live.driver(lingering)
        for _ in 0..<3 {
            _ = driver.on(.unwanted)
            #expect(driver.on(.wanted) == [.stop(.linger, 1)])
            // It may have fired already when it was stopped.
            #expect(driver.fired(.linger) == [])
        }
        #expect(driver.on(.unwanted) == [.start(.linger, .seconds(3), 1)])
        #expect(driver.fired(.linger).contains(.closeSocket(1)))
    }

    @Test("What is not live does not linger", arguments: [Stage.dialing, .acknowledging, .waiting])
    func lingerNotLive(_ stage: Stage) {
        var driver = stage.driver(lingering)
        let actions = driver.on(.unwanted)
        #expect(actions.delay(of: .linger) == nil)
        #expect(actions.contains(stage == .waiting ? .report(.idle) : .closeSocket(1)))
    }

    @Test(
        "A drop while it lingers is the end of it, whatever the code",
        arguments: [1001, 1000, 4400, 4401] as [UInt16]
    )
    func dropWhileLingering(_ code: UInt16) {
        var driver = Stage.live.driver(lingering)
        _ = driver.on(.unwanted)
        #expect(
            driver.ended(.closeFrame(code: code, reason: "")) == [
                .stop(.linger, 1), .stop(.rotate, 1), .lost(1), .report(.idle),
            ]
        )
        #expect(driver.on(.wanted).attempt == 1)
    }

    @Test("Closing for good does not wait for the linger")
    func closeWhileLingering() {
        var driver = Stage.live.driver(lingering)
        _ = driver.on(.unwanted)
        #expect(driver.on(.close).contains(.closeSocket(1)))
        #expect(driver.fired(.linger) == [])
    }
}
