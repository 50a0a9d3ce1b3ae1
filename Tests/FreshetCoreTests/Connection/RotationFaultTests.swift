// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// What happens to the old connection, to the app or to the listeners while a successor is on its way.
struct RotationFaultTests {
    private typealias Action = ConnectionMachine.Action
    private static let connecting: [Stage] = [.successorAsking, .successorDialing, .successorAcknowledging]

    @Test("The old one dies while its successor connects: that is promoted", arguments: connecting)
    func promoted(_ stage: Stage) {
        var driver = stage.driver
        #expect(
            driver.ended(.goingAway, 1) == [
                .stop(.linger, 1), .stop(.rotate, 1), .lost(1), .report(.connecting(attempt: 1)),
            ]
        )
        #expect(!driver.machine.isLive)
        driver.now += .seconds(2)
        if stage == .successorAsking { #expect(driver.credentials() == [.stop(.credentials, 2), .dial(2)]) }
        if stage != .successorAcknowledging { #expect(driver.opened().first == .handshake(2)) }
        let reason = ConnectionEnd.goingAway.feedError.message
        #expect(driver.ready().contains(.subscribeAll(2, outage: .seconds(2), reason: reason)))
        #expect(driver.machine.isLive)
    }

    @Test("A promoted successor that fails is an attempt like any other", arguments: connecting)
    func promotedInVain(_ stage: Stage) {
        var driver = stage.driver
        _ = driver.ended(.goingAway, 1)
        let actions = driver.ended(.refused)
        #expect(actions.first == .stop(stage == .successorAsking ? .credentials : .acknowledge, 2))
        #expect(actions.contains(.lost(2)))
        #expect(actions.retryDelay == .milliseconds(125))
        #expect(driver.on(.fired(.retry, 2)).attempt == 2)
    }

    @Test("A promoted successor keeps its deadlines")
    func promotedDeadlines() {
        var asking = Stage.successorAsking.driver
        _ = asking.ended(.goingAway, 1)
        #expect(asking.fired(.credentials).first == .dropCredentials(2))
        var acknowledging = Stage.successorAcknowledging.driver
        _ = acknowledging.ended(.goingAway, 1)
        #expect(acknowledging.fired(.acknowledge).abandoned(2) != nil)
    }

    @Test("A promoted successor is reported with the number that its attempt has")
    func promotedAttempt() {
        var driver = ConnectionDriver(hasCredentials: true)
        _ = driver.on(.wanted)
        driver.connect(lifetime: .seconds(4))
        for _ in 0..<2 {
            _ = driver.ended(.goingAway)
            _ = driver.fired(.retry)
            driver.connect(lifetime: .seconds(4))
        }
        driver.now += .seconds(3)
        _ = driver.fired(.rotate)
        #expect(driver.ended(.goingAway, 3).attempt == 3)
    }

    @Test("The old one dies while both are there: the successor takes over by force")
    func diesWhileOverlapping() {
        var driver = Stage.overlapping.driver
        let end = ConnectionEnd.closeFrame(code: 4401, reason: "expired")
        #expect(
            driver.ended(end, 1) == [
                .stop(.linger, 1), .stop(.rotate, 1), .stop(.overlap, 2),
                .forceHandOver(to: 2, outage: .zero, reason: end.feedError.message), .start(.rotate, .seconds(340), 2),
            ]
        )
        #expect(driver.machine.isLive)
        #expect(driver.on(.handedOver(2)) == [])
        #expect(driver.fired(.overlap) == [])
        #expect(driver.ended(.goingAway, 2).retryDelay == .milliseconds(125))
    }

    @Test("The old ones run out before a successor gets through: the newer ones that it has are used, not renewed")
    func runsOutBeforeReplaced() {
        var driver = Stage.successorDialing.driver
        _ = driver.ended(.refused, 2)
        let expired = ConnectionEnd.closeFrame(code: 4401, reason: "expired")
        #expect(driver.ended(expired, 1).contains(.askCredentials(3, .connecting)))
        driver.connect(lifetime: .seconds(400))
        // What comes after them is asked for, when these are refused.
        #expect(driver.ended(expired, 3).contains(.askCredentials(4, .refused)))
    }

    // MARK: - Leaving

    /// What the successor's stage needs to be over.
    private func dropped(_ stage: Stage) -> [Action] {
        switch stage {
        case .successorAsking: [.stop(.credentials, 2), .dropCredentials(2)]
        case .successorDialing: [.closeSocket(2)]
        case .successorAcknowledging: [.stop(.acknowledge, 2), .stop(.overlap, 2), .closeSocket(2)]
        default: [.stop(.acknowledge, 2), .stop(.overlap, 2), .cancelHandOver(2), .closeSocket(2)]
        }
    }

    private func expectNothingLeft(_ driver: ConnectionDriver) {
        for timer in [ConnectionMachine.Timer.retry, .credentials, .acknowledge, .linger, .rotate, .overlap] {
            for epoch in [1, 2, 3] as [ConnectionMachine.Epoch] {
                var driver = driver
                #expect(driver.on(.fired(timer, epoch)) == [])
            }
        }
    }

    @Test("Leaving or suspending closes both, and stops all timers", arguments: Stage.rotating, [0, 1, 2])
    func leaving(_ stage: Stage, _ way: Int) {
        var driver = stage.driver
        let event: ConnectionMachine.Event = [.unwanted, .close, .hint(.suspend)][way]
        let expected: [Action] =
            [.stop(.linger, 1), .stop(.rotate, 1)] + dropped(stage) + [.lost(1), .report(.closing), .closeSocket(1)]
        #expect(driver.on(event) == expected)
        expectNothingLeft(driver)
        // Whichever socket is closed first.
        var other = driver
        #expect(driver.ended(.ours, 2) == [])
        #expect(driver.ended(.ours, 1) == [.report(way == 2 ? .suspended : .idle)])
        #expect(other.ended(.ours, 1) == [.report(way == 2 ? .suspended : .idle)])
        #expect(other.ended(.ours, 2) == [])
        expectNothingLeft(driver)
    }

    @Test("What the dropped successor still says changes nothing", arguments: Stage.rotating)
    func droppedSuccessor(_ stage: Stage) {
        var driver = stage.driver
        _ = driver.on(.unwanted)
        _ = driver.ended(.ours, 1)
        #expect(driver.on(.wanted).contains(.askCredentials(3, .connecting)))
        for event: ConnectionMachine.Event in [
            .credentials(2, lifetime: nil), .opened(2), .ready(2), .handedOver(2), .fired(.acknowledge, 2),
        ] {
            #expect(driver.on(event) == [])
        }
        #expect(driver.ended(.goingAway, 2) == [])
        driver.connect(lifetime: nil)
        #expect(driver.machine.isLive)
    }

    @Test("B39 Closing for good is over when the socket is closed, even after a successor that failed")
    func closeAfterFailedSuccessor() {
        var driver = Stage.successorDialing.driver
        _ = driver.ended(.refused)
        _ = driver.on(.close)
        #expect(driver.ended(.ours, 1) == [.report(.idle)])
    }

    // MARK: - Lingering

    private var lingering: ConnectionPolicy {
        var policy = ConnectionPolicy()
        policy.linger = .seconds(3)
        return policy
    }

    @Test("The old one dies while it lingers: its successor goes, too", arguments: Stage.rotating)
    func diesWhileLingering(_ stage: Stage) {
        var driver = stage.driver(lingering)
        #expect(driver.on(.unwanted) == [.start(.linger, .seconds(3), 1)])
        #expect(
            driver.ended(.goingAway, 1) == [.stop(.linger, 1), .stop(.rotate, 1)] + dropped(stage)
                + [.lost(1), .report(.idle)]
        )
        expectNothingLeft(driver)
    }

    @Test("A linger ends with both", arguments: Stage.rotating)
    func lingerEnds(_ stage: Stage) {
        var driver = stage.driver(lingering)
        _ = driver.on(.unwanted)
        let actions = driver.on(.fired(.linger, 1))
        #expect(actions.contains(.closeSocket(1)))
        #expect(actions.contains(stage == .successorAsking ? .dropCredentials(2) : .closeSocket(2)))
        expectNothingLeft(driver)
    }

    @Test("Replaced while it lingers, the new one lingers")
    func replacedWhileLingering() {
        var driver = Stage.overlapping.driver(lingering)
        _ = driver.on(.unwanted)
        let actions = driver.on(.handedOver(2))
        #expect(actions.contains(.stop(.linger, 1)))
        #expect(actions.last == .start(.linger, .seconds(3), 2))
        #expect(driver.on(.fired(.linger, 1)) == [])
        #expect(driver.on(.fired(.linger, 2)).contains(.closeSocket(2)))
    }
}
