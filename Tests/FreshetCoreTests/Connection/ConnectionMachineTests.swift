// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The way to live, and every event at every stage of one connection.
struct ConnectionMachineTests {
    private typealias Action = ConnectionMachine.Action

    private func leaving(_ stage: Stage, _ epoch: ConnectionMachine.Epoch) -> [Action] {
        let end: [Action] = [.lost(epoch), .report(.closing), .closeSocket(epoch)]
        return switch stage {
        case .idle, .closing, .closed, .suspended: []
        case .asking: [.stop(.credentials, epoch), .dropCredentials(epoch), .report(.idle)]
        case .waiting, .parked: [.stop(.retry, epoch), .report(.idle)]
        case .dialing, .acknowledging: [.stop(.acknowledge, epoch)] + end
        case .live: [.stop(.linger, epoch), .stop(.rotate, epoch)] + end
        case .successorAsking:
            [
                .stop(.linger, 1), .stop(.rotate, 1), .stop(.credentials, 2), .dropCredentials(2), .lost(1),
                .report(.closing), .closeSocket(1),
            ]
        case .successorDialing:
            [
                .stop(.linger, 1), .stop(.rotate, 1), .closeSocket(2), .lost(1), .report(.closing), .closeSocket(1),
            ]
        case .successorAcknowledging, .overlapping:
            [.stop(.linger, 1), .stop(.rotate, 1), .stop(.acknowledge, 2), .stop(.overlap, 2)]
                + (stage == .overlapping ? [.cancelHandOver(2)] : [])
                + [.closeSocket(2), .lost(1), .report(.closing), .closeSocket(1)]
        }
    }

    @Test("From the first listener to live, step by step, without credentials")
    func wayToLive() {
        var driver = ConnectionDriver()
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(1)])
        #expect(driver.opened() == [.handshake(1), .start(.acknowledge, .seconds(10), 1)])
        #expect(!driver.machine.isLive)
        #expect(
            driver.ready() == [
                .stop(.acknowledge, 1), .report(.live), .subscribeAll(1, outage: .zero, reason: ""),
            ]
        )
        #expect(driver.machine.isLive)
    }

    @Test("From the first listener to live, step by step, with credentials")
    func wayToLiveWithCredentials() {
        var driver = ConnectionDriver(hasCredentials: true)
        #expect(
            driver.on(.wanted) == [
                .report(.connecting(attempt: 1)), .start(.credentials, .seconds(10), 1),
                .askCredentials(1, .connecting),
            ]
        )
        driver.now = .seconds(3)
        #expect(driver.credentials(lifetime: .seconds(100)) == [.stop(.credentials, 1), .dial(1)])
        #expect(driver.opened() == [.handshake(1), .start(.acknowledge, .seconds(10), 1)])
        driver.now = .seconds(5)
        #expect(
            driver.ready() == [
                .stop(.acknowledge, 1), .report(.live), .start(.rotate, .seconds(73), 1),
                .subscribeAll(1, outage: .zero, reason: ""),
            ]
        )
    }

    @Test("Credentials without an end are not replaced")
    func endlessCredentials() {
        var driver = Stage.asking.driver
        _ = driver.credentials()
        _ = driver.opened()
        #expect(driver.ready().delay(of: .rotate) == nil)
    }

    @Test("The policy's deadlines are the ones that are started")
    func deadlines() {
        var policy = ConnectionPolicy()
        policy.acknowledge = .seconds(1)
        policy.credentials = .seconds(2)
        var driver = ConnectionDriver(policy, hasCredentials: true)
        #expect(driver.on(.wanted).delay(of: .credentials) == .seconds(2))
        _ = driver.credentials()
        #expect(driver.opened().delay(of: .acknowledge) == .seconds(1))
    }

    @Test("More listeners do not make another connection", arguments: Stage.allCases.filter { $0 != .idle })
    func wantedAgain(_ stage: Stage) {
        var driver = stage.driver
        let isLive = stage == .live || Stage.rotating.contains(stage)
        #expect(driver.on(.wanted) == (isLive ? [.stop(.linger, 1)] : []))
    }

    @Test("B33 B41 The last listener's leaving ends what there is", arguments: Stage.allCases)
    func unwanted(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.unwanted) == leaving(stage, driver.epoch))
    }

    @Test("B39 Closing for good ends what there is", arguments: Stage.allCases)
    func close(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.close) == leaving(stage, driver.epoch))
        #expect(driver.on(.close) == [])
    }

    @Test("After closing for good nothing is ever dialled again", arguments: Stage.allCases)
    func closedForGood(_ stage: Stage) {
        var driver = stage.driver
        let begun: ConnectionMachine.Epoch = Stage.rotating.contains(stage) ? 1 : driver.epoch
        _ = driver.on(.close)
        #expect(driver.on(.wanted) == [])
        let hadSocket = ![.idle, .asking, .waiting, .parked, .suspended].contains(stage)
        #expect(driver.ended(.ours, begun) == (hadSocket ? [.report(.idle)] : []))
        #expect(driver.ended(.ours, begun) == [])
        #expect(driver.ended(.ours) == [])
        for timer in [ConnectionMachine.Timer.retry, .credentials, .acknowledge, .linger, .rotate, .overlap] {
            for epoch in [begun, driver.epoch] { #expect(driver.on(.fired(timer, epoch)) == []) }
        }
        for hint in ConnectionHint.allCases { #expect(driver.on(.hint(hint)) == []) }
        #expect(driver.on(.wanted) == [])
        #expect(driver.on(.unwanted) == [])
        #expect(driver.on(.wanted) == [])
    }

    @Test(
        "A goodbye ends in idle, however the socket ends",
        arguments: [.ours, .closeFrame(code: 4500, reason: ""), .unauthorized] as [ConnectionEnd]
    )
    func goodbye(_ end: ConnectionEnd) {
        var driver = Stage.closing.driver
        #expect(driver.ended(end) == [.report(.idle)])
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(2)])
    }

    @Test("B57 Somebody who comes during the goodbye gets a new connection after it, even without retries")
    func wantedWhileClosing() {
        var driver = ConnectionDriver(attempts: 0)
        _ = driver.on(.wanted)
        driver.connect()
        _ = driver.on(.unwanted)
        #expect(driver.on(.wanted) == [])
        #expect(driver.ended(.ours) == [.report(.idle), .report(.connecting(attempt: 1)), .dial(2)])
        driver.connect()
        #expect(driver.ended(.goingAway).failure?.kind == .closed(code: 1001))
    }

    @Test("B37 Somebody who comes and leaves during the goodbye gets no connection")
    func wantedAndUnwantedWhileClosing() {
        var driver = Stage.closing.driver
        _ = driver.on(.wanted)
        #expect(driver.on(.unwanted) == [])
        #expect(driver.ended(.ours) == [.report(.idle)])
    }

    @Test("Closing for good during the goodbye takes back what was wanted meanwhile")
    func closeWhileClosing() {
        var driver = Stage.closing.driver
        _ = driver.on(.wanted)
        #expect(driver.on(.close) == [])
        #expect(driver.ended(.ours) == [.report(.idle)])
        #expect(driver.on(.wanted) == [])
    }

    @Test("What another attempt says is dropped, and changes nothing", arguments: Stage.allCases)
    func staleEpochs(_ stage: Stage) {
        var driver = stage.driver
        var twin = stage.driver
        let oldest: ConnectionMachine.Epoch = Stage.rotating.contains(stage) ? 1 : driver.epoch
        for epoch in [oldest &- 1, driver.epoch + 1] {
            #expect(driver.on(.credentials(epoch, lifetime: .seconds(1))) == [])
            #expect(driver.on(.opened(epoch)) == [])
            #expect(driver.on(.ready(epoch)) == [])
            #expect(driver.on(.handedOver(epoch)) == [])
            for timer in [ConnectionMachine.Timer.retry, .credentials, .acknowledge, .linger, .rotate, .overlap] {
                #expect(driver.on(.fired(timer, epoch)) == [])
            }
            for end in [ConnectionEnd.goingAway, .unauthorized, .closeFrame(code: 4400, reason: ""), .ours] {
                #expect(driver.ended(end, epoch) == [])
            }
        }
        let epoch = twin.epoch
        for event: ConnectionMachine.Event in [
            .credentials(epoch, lifetime: nil), .opened(epoch), .ready(epoch), .handedOver(epoch),
            .fired(.retry, epoch),
            .hint(.networkChanged), .unwanted, .wanted,
        ] {
            #expect(driver.on(event) == twin.on(event))
        }
    }

    @Test("What comes out of its turn is dropped", arguments: Stage.allCases)
    func outOfTurn(_ stage: Stage) {
        var driver = stage.driver
        let isAsking = stage == .asking || stage == .successorAsking
        let isDialing = stage == .dialing || stage == .successorDialing
        let isAcknowledging = stage == .acknowledging || stage == .successorAcknowledging
        if !isAsking {
            #expect(driver.credentials(lifetime: .seconds(1)) == [])
            #expect(driver.fired(.credentials) == [])
        }
        if !isDialing { #expect(driver.opened() == []) }
        if !isAcknowledging {
            #expect(driver.ready() == [])
            #expect(driver.fired(.acknowledge) == [])
        }
        if stage != .waiting { #expect(driver.fired(.retry) == []) }
        if stage != .overlapping {
            #expect(driver.on(.handedOver(driver.epoch)) == [])
            #expect(driver.fired(.overlap) == [])
        }
        if [.idle, .waiting, .parked, .suspended].contains(stage) { #expect(driver.ended(.goingAway) == []) }
        #expect(driver.fired(.linger) == [])
    }

    @Test("A server that does not acknowledge is abandoned, and the first time that is loud")
    func acknowledgeDeadline() throws {
        var driver = Stage.acknowledging.driver
        let actions = driver.fired(.acknowledge)
        let end = try #require(actions.abandoned(1))
        #expect(actions.count == 1)
        #expect(end.feedError.kind == .timeout(.acknowledge))
        #expect(driver.ended(end).failure == end.feedError)
    }
}
