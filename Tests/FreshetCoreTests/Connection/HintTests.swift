// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// What an app, or its system, knows of the network or of itself.
struct HintTests {
    private typealias Action = ConnectionMachine.Action

    @Test("Another network while it waits: the attempt is made at once")
    func networkWhileWaiting() {
        var driver = Stage.waiting.driver
        #expect(driver.on(.hint(.networkChanged)) == [.stop(.retry, 1), .report(.connecting(attempt: 2)), .dial(2)])
        #expect(driver.on(.fired(.retry, 1)) == [])
        #expect(driver.ended(.refused).retryDelay == .milliseconds(250))
    }

    @Test("Another network while it is live: the server is asked whether it is still there")
    func networkWhileLive() {
        var driver = Stage.live.driver
        #expect(driver.on(.hint(.networkChanged)) == [.probe(1)])
        #expect(driver.machine.isLive)
    }

    @Test("With two connections the one that counts is asked", arguments: Stage.rotating)
    func networkWhileReplacing(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.hint(.networkChanged)) == [.probe(1)])
    }

    @Test(
        "Elsewhere another network changes nothing",
        arguments: [Stage.idle, .asking, .dialing, .acknowledging, .parked, .suspended, .closing, .closed]
    )
    func networkElsewhere(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.hint(.networkChanged)) == [])
    }

    // MARK: - Suspending

    @Test("Suspending ends what there is in an orderly way", arguments: Stage.allCases)
    func suspend(_ stage: Stage) {
        var driver = stage.driver
        let actions = driver.on(.hint(.suspend))
        #expect(driver.on(.hint(.suspend)) == [])
        #expect(!actions.dials)
        switch stage {
        case .idle, .suspended, .closing, .closed: #expect(actions == [])
        case .asking:
            #expect(actions == [.stop(.credentials, 1), .dropCredentials(1), .report(.suspended)])
        case .waiting, .parked:
            #expect(actions == [.stop(.retry, 1), .report(.suspended)])
        case .dialing, .acknowledging, .live, .successorAsking, .successorDialing, .successorAcknowledging,
            .overlapping:
            #expect(Array(actions.suffix(3)) == [.lost(1), .report(.closing), .closeSocket(1)])
            #expect(driver.ended(.ours, 1) == [.report(.suspended)])
        }
    }

    @Test("Suspended it does not connect, whatever happens", arguments: Stage.allCases)
    func suspended(_ stage: Stage) {
        var driver = stage.driver
        _ = driver.on(.hint(.suspend))
        _ = driver.ended(.ours, 1)
        _ = driver.ended(.ours)
        for event: ConnectionMachine.Event in [
            .wanted, .unwanted, .wanted, .hint(.networkChanged), .hint(.credentialsChanged),
            .fired(.retry, driver.epoch), .fired(.rotate, 1),
        ] {
            #expect(!driver.on(event).dials)
        }
        #expect(!driver.machine.isLive)
    }

    @Test("Resuming connects again where somebody listens", arguments: Stage.allCases)
    func resume(_ stage: Stage) {
        var driver = stage.driver
        _ = driver.on(.hint(.suspend))
        _ = driver.ended(.ours, 1)
        let next = driver.epoch + 1
        let actions = driver.on(.hint(.resume))
        switch stage {
        case .idle, .closing: #expect(actions == [.report(.idle)])
        case .closed: #expect(actions == [])
        default:
            #expect(actions.dials)
            #expect(driver.epoch == next)
        }
        #expect(driver.on(.hint(.resume)) == [])
    }

    @Test(
        "Resuming without having been suspended changes nothing",
        arguments: Stage.allCases.filter { $0 != .suspended }
    )
    func resumeAlone(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.hint(.resume)) == [])
    }

    @Test("Resumed before the goodbye is over, it connects right after it")
    func resumeWhileClosing() {
        var driver = Stage.live.driver
        _ = driver.on(.hint(.suspend))
        #expect(driver.on(.hint(.resume)) == [])
        #expect(driver.ended(.ours) == [.report(.idle), .report(.connecting(attempt: 1)), .dial(2)])
    }

    @Test("The time of the suspension is an outage, and says so")
    func outage() {
        var driver = Stage.live.driver
        driver.now = .seconds(10)
        _ = driver.on(.hint(.suspend))
        driver.now = .seconds(11)
        _ = driver.ended(.ours)
        driver.now = .seconds(70)
        _ = driver.on(.hint(.resume))
        _ = driver.opened()
        driver.now = .seconds(71)
        #expect(driver.ready().contains(.subscribeAll(2, outage: .seconds(61), reason: "the connection was suspended")))
    }

    @Test("An outage that had begun before keeps its beginning and its reason")
    func outageBefore() {
        var driver = Stage.live.driver
        driver.now = .seconds(10)
        _ = driver.ended(.refused)
        driver.now = .seconds(11)
        _ = driver.on(.hint(.suspend))
        driver.now = .seconds(20)
        _ = driver.on(.hint(.resume))
        driver.connect()
        _ = driver.on(.hint(.suspend))
        _ = driver.ended(.ours)
        driver.now = .seconds(25)
        _ = driver.on(.hint(.resume))
        _ = driver.opened()
        // The first outage is over: it is not counted again.
        #expect(driver.ready().contains(.subscribeAll(3, outage: .seconds(5), reason: "the connection was suspended")))
    }

    @Test("A suspension does not use up attempts")
    func attempts() {
        var driver = ConnectionDriver(attempts: 1)
        _ = driver.on(.wanted)
        driver.connect()
        for _ in 0..<5 {
            _ = driver.on(.hint(.suspend))
            _ = driver.ended(.closeFrame(code: 4400, reason: ""))
            #expect(driver.on(.hint(.resume)).attempt == 1)
            driver.connect()
        }
        #expect(driver.ended(.goingAway).retryDelay != nil)
    }

    @Test("Suspended while nobody listens, it connects when it is resumed and somebody does")
    func suspendedIdle() {
        var driver = ConnectionDriver()
        _ = driver.on(.hint(.suspend))
        #expect(driver.on(.wanted) == [])
        #expect(driver.on(.hint(.resume)) == [.report(.connecting(attempt: 1)), .dial(1)])
    }

    @Test("Whoever leaves while it is suspended is not connected for afterwards")
    func leavingSuspended() {
        var driver = Stage.suspended.driver
        #expect(driver.on(.unwanted) == [])
        #expect(driver.on(.hint(.resume)) == [.report(.idle)])
        #expect(driver.on(.wanted).dials)
    }

    @Test("Closing for good while suspended is for good")
    func closeSuspended() {
        var driver = Stage.suspended.driver
        _ = driver.on(.close)
        #expect(driver.on(.hint(.resume)) == [])
        #expect(driver.on(.wanted) == [])
    }
}
