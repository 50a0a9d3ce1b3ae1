// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Replacing a connection before its credentials expire: the successor's way, and what becomes of the old one.
struct RotationTests {
    private typealias Action = ConnectionMachine.Action

    @Test(
        "Credentials are replaced a quarter of their life before their end, a minute at most",
        arguments: [(8, 6), (100, 75), (240, 180), (400, 340), (86_400, 86_340)]
    )
    func time(lifetime: Int, rotation: Int) {
        #expect(ConnectionPolicy().margin(of: .seconds(lifetime)) == .seconds(lifetime - rotation))
        var driver = Stage.asking.driver
        _ = driver.credentials(lifetime: .seconds(lifetime))
        _ = driver.opened()
        #expect(driver.ready().delay(of: .rotate) == .seconds(rotation))
    }

    @Test("What connecting took is taken off")
    func timeAfterConnecting() {
        var driver = Stage.asking.driver
        _ = driver.credentials(lifetime: .seconds(100))
        driver.now = .seconds(20)
        _ = driver.opened()
        driver.now = .seconds(30)
        #expect(driver.ready().delay(of: .rotate) == .seconds(45))
    }

    @Test("Credentials that are nearly over when the connection is there are replaced at once")
    func timeIsUp() {
        var driver = Stage.asking.driver
        _ = driver.credentials(lifetime: .seconds(100))
        _ = driver.opened()
        driver.now = .seconds(90)
        #expect(driver.ready().delay(of: .rotate) == .zero)
    }

    @Test("The successor goes the same way beside the live connection, step by step")
    func wayOfTheSuccessor() {
        var driver = Stage.asking.driver
        driver.connect(lifetime: .seconds(400))
        driver.now = Stage.rotation
        #expect(driver.fired(.rotate) == [.start(.credentials, .seconds(10), 2), .askCredentials(2, .expiring)])
        #expect(driver.credentials(lifetime: .seconds(400)) == [.stop(.credentials, 2), .dial(2)])
        #expect(driver.opened() == [.handshake(2), .start(.acknowledge, .seconds(10), 2)])
        #expect(
            driver.ready() == [
                .stop(.acknowledge, 2), .start(.overlap, .seconds(5), 2), .handOver(from: 1, to: 2),
            ]
        )
        #expect(driver.machine.isLive)
        #expect(
            driver.on(.handedOver(2)) == [
                .stop(.overlap, 2), .stop(.linger, 1), .closeSocket(1), .start(.rotate, .seconds(340), 2),
            ]
        )
        #expect(driver.machine.isLive)
        #expect(driver.ended(.ours, 1) == [])
        #expect(driver.machine.isLive)
    }

    @Test("The successor is replaced in its turn, and so on")
    func again() {
        var driver = Stage.overlapping.driver
        _ = driver.on(.handedOver(2))
        for epoch in ConnectionMachine.Epoch(3)...6 {
            driver.now += Stage.rotation
            #expect(driver.fired(.rotate).contains(.askCredentials(epoch, .expiring)))
            driver.connect(lifetime: .seconds(400))
            #expect(driver.on(.handedOver(epoch)).contains(.closeSocket(epoch - 1)))
        }
    }

    @Test("There is one successor at a time", arguments: Stage.rotating)
    func oneSuccessor(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.fired(.rotate, 1)) == [])
        #expect(driver.on(.fired(.rotate, 2)) == [])
    }

    @Test("When the overlap's time is over it takes over by force")
    func forced() {
        var driver = Stage.overlapping.driver
        #expect(
            driver.fired(.overlap) == [
                .forceHandOver(to: 2, outage: .zero, reason: "the connection was replaced"), .stop(.overlap, 2),
                .stop(.linger, 1), .closeSocket(1), .start(.rotate, .seconds(340), 2),
            ]
        )
        #expect(driver.on(.handedOver(2)) == [])
        #expect(driver.ended(.ours, 1) == [])
        #expect(driver.machine.isLive)
    }

    @Test("The policy's overlap is the one that is waited")
    func overlapPolicy() {
        var policy = ConnectionPolicy()
        policy.overlap = .seconds(1)
        var driver = Stage.successorAcknowledging.driver(policy)
        #expect(driver.ready().delay(of: .overlap) == .seconds(1))
    }

    // MARK: - The successor fails

    private static let failures: [ConnectionEnd] = [
        .goingAway, .refused, .unauthorized, .closeFrame(code: 4400, reason: ""),
        .failure(FreshetError(.unauthorized, "signed out")),
    ]

    @Test(
        "A successor that fails is tried again with a backoff, while the old one lives, whatever it failed of",
        arguments: Stage.rotating,
        failures
    )
    func successorFails(_ stage: Stage, _ end: ConnectionEnd) {
        var driver = stage.driver
        let expected: [Action] =
            switch stage {
            case .successorAsking: [.stop(.credentials, 2)]
            case .overlapping: [.stop(.acknowledge, 2), .stop(.overlap, 2), .cancelHandOver(2)]
            default: [.stop(.acknowledge, 2)]
            }
        #expect(driver.ended(end) == expected + [.start(.rotate, .milliseconds(125), 1)])
        #expect(driver.machine.isLive)
        // What it had got already, and the server has not refused, is not renewed once more.
        let isRefused = ClosePolicy().decision(on: end) == .refreshCredentials
        let reason = stage == .successorAsking || isRefused ? ConnectionMachine.CredentialReason.expiring : .connecting
        for (epoch, milliseconds) in [(3, 250), (4, 500), (5, 1000)] as [(ConnectionMachine.Epoch, Int)] {
            #expect(driver.on(.fired(.rotate, 1)).contains(.askCredentials(epoch, reason)))
            #expect(driver.ended(end).delay(of: .rotate) == .milliseconds(milliseconds))
        }
        #expect(driver.machine.isLive)
    }

    @Test("After a replacement the waits between successors begin again")
    func successorsWaits() {
        var driver = Stage.successorDialing.driver
        for _ in 0..<4 {
            _ = driver.ended(.refused)
            _ = driver.on(.fired(.rotate, 1))
            _ = driver.credentials(lifetime: .seconds(400))
        }
        driver.connect()
        _ = driver.on(.handedOver(driver.epoch))
        _ = driver.fired(.rotate)
        #expect(driver.ended(.refused).delay(of: .rotate) == .milliseconds(125))
    }

    @Test("After a reconnection the waits between successors begin again")
    func successorsWaitsAfterReconnection() {
        var driver = Stage.successorDialing.driver
        for _ in 0..<4 {
            _ = driver.ended(.refused)
            _ = driver.on(.fired(.rotate, 1))
            _ = driver.credentials(lifetime: .seconds(400))
        }
        _ = driver.ended(.refused)
        _ = driver.ended(.goingAway, 1)
        _ = driver.on(.fired(.retry, driver.epoch))
        driver.connect(lifetime: .seconds(400))
        _ = driver.fired(.rotate)
        #expect(driver.ended(.refused).delay(of: .rotate) == .milliseconds(125))
    }

    @Test("A successor whose provider or server does not answer in time is abandoned")
    func successorDeadlines() throws {
        var asking = Stage.successorAsking.driver
        #expect(asking.fired(.credentials).first == .dropCredentials(2))
        var acknowledging = Stage.successorAcknowledging.driver
        let actions = acknowledging.fired(.acknowledge)
        let end = try #require(actions.abandoned(2))
        #expect(end.feedError.kind == .timeout(.acknowledge))
        #expect(acknowledging.ended(end).delay(of: .rotate) == .milliseconds(125))
        #expect(acknowledging.machine.isLive)
    }

    @Test("B7 A successor's credentials that expire before its socket is open are never sent")
    func successorExpired() throws {
        var driver = Stage.successorAsking.driver
        _ = driver.credentials(lifetime: .seconds(5))
        driver.now += .seconds(5)
        let actions = driver.opened()
        #expect(actions.count == 1)
        let end = try #require(actions.abandoned(2))
        #expect(driver.ended(end) == [.stop(.acknowledge, 2), .start(.rotate, .milliseconds(125), 1)])
    }

    // MARK: - Health

    @Test("D12 Time on the old connection and on its successor is one healthy time")
    func healthOverReplacements() {
        var policy = ConnectionPolicy()
        policy.attempts = 1
        var driver = ConnectionDriver(policy, hasCredentials: true)
        _ = driver.on(.wanted)
        driver.connect(lifetime: .seconds(20))
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        driver.connect(lifetime: .seconds(20))
        for _ in 0..<4 {
            driver.now += .seconds(15)
            _ = driver.fired(.rotate)
            driver.connect(lifetime: .seconds(20))
            _ = driver.on(.handedOver(driver.epoch))
        }
        #expect(driver.ended(.goingAway).retryDelay == .milliseconds(125))
    }
}
