// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The transitions of the diagram, and what must not move the machine.
struct ConnectionMachineTests {
    private typealias Action = ConnectionMachine.Action

    private static let leaving: [Action] = [
        .stop(.acknowledge), .lost, .report(.closing), .closeSocket,
    ]

    @Test("From the first listener to live, step by step")
    func wayToLive() {
        var driver = ConnectionDriver()
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(1)])
        #expect(driver.opened() == [.handshake, .start(.acknowledge, .seconds(10), 1)])
        #expect(
            driver.ready() == [
                .stop(.acknowledge), .report(.live), .subscribeAll(outage: .zero, reason: ""),
            ]
        )
    }

    @Test("The policy's deadline is the one that is started")
    func deadline() {
        var policy = ConnectionMachine.Policy()
        policy.acknowledge = .seconds(1)
        var machine = ConnectionMachine(policy: policy)
        _ = machine.on(.wanted, at: .zero, jitter: 0)
        #expect(machine.on(.opened(1), at: .zero, jitter: 0).contains(.start(.acknowledge, .seconds(1), 1)))
    }

    @Test("More listeners do not make another connection", arguments: Stage.allCases.filter { $0 != .idle })
    func wantedAgain(_ stage: Stage) {
        var driver = stage.driver
        #expect(driver.on(.wanted) == [])
    }

    @Test("The last listener's leaving ends what there is", arguments: Stage.allCases)
    func unwanted(_ stage: Stage) {
        var driver = stage.driver
        let expected: [Action] =
            switch stage {
            case .idle, .closing, .closed: []
            case .dialing, .acknowledging, .live: Self.leaving
            case .waiting: [.stop(.retry), .report(.idle)]
            }
        #expect(driver.on(.unwanted) == expected)
    }

    @Test("Closing for good ends what there is", arguments: Stage.allCases)
    func close(_ stage: Stage) {
        var driver = stage.driver
        let expected: [Action] =
            switch stage {
            case .idle, .closing, .closed: []
            case .dialing, .acknowledging, .live: Self.leaving
            case .waiting: [.stop(.retry), .report(.idle)]
            }
        #expect(driver.on(.close) == expected)
    }

    @Test("After closing for good nothing is ever dialled again", arguments: Stage.allCases)
    func closedForGood(_ stage: Stage) {
        var driver = stage.driver
        _ = driver.on(.close)
        #expect(driver.on(.wanted) == [])
        if [.dialing, .acknowledging, .live, .closing, .closed].contains(stage) {
            #expect(driver.ended(.ours) == [.report(.idle)])
        }
        #expect(driver.fired(.retry) == [])
        #expect(driver.on(.wanted) == [])
        #expect(driver.on(.unwanted) == [])
        #expect(driver.on(.wanted) == [])
    }

    @Test(
        "A goodbye ends in idle, however the socket ends",
        arguments: [.ours, .closeFrame(code: 4500, reason: "")] as [ConnectionEnd]
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
        #expect(driver.ended(.closeFrame(code: 1001, reason: "")).failure?.kind == .closed(code: 1001))
    }

    @Test("Somebody who comes and leaves during the goodbye gets no connection")
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
        for epoch in [driver.epoch &- 1, driver.epoch + 1] {
            #expect(driver.on(.opened(epoch)) == [])
            #expect(driver.on(.ready(epoch)) == [])
            for timer in [ConnectionMachine.Timer.retry, .acknowledge] {
                #expect(driver.on(.fired(timer, epoch)) == [])
            }
            #expect(driver.on(.ended(epoch, .closeFrame(code: 1001, reason: ""))) == [])
            #expect(driver.on(.ended(epoch, .closeFrame(code: 4400, reason: ""))) == [])
        }
        for event: ConnectionMachine.Event in [
            .opened(twin.epoch), .ready(twin.epoch), .fired(.retry, twin.epoch), .unwanted, .wanted,
        ] {
            #expect(driver.on(event) == twin.on(event))
        }
    }

    @Test("What comes out of its turn is dropped", arguments: Stage.allCases)
    func outOfTurn(_ stage: Stage) {
        var driver = stage.driver
        if stage != .dialing { #expect(driver.opened() == []) }
        if stage != .acknowledging { #expect(driver.ready() == []) }
        if stage != .waiting { #expect(driver.fired(.retry) == []) }
        if stage != .acknowledging { #expect(driver.fired(.acknowledge) == []) }
        if stage == .idle || stage == .waiting { #expect(driver.ended(.closeFrame(code: 1001, reason: "")) == []) }
    }

    @Test("A server that does not acknowledge is abandoned, and the first time that is loud")
    func acknowledgeDeadline() throws {
        var driver = Stage.acknowledging.driver
        let actions = driver.fired(.acknowledge)
        guard case .abandonSocket(let end) = try #require(actions.first), case .failure(let error, nil) = end else {
            Issue.record("the socket is not abandoned: \(actions)")
            return
        }
        #expect(actions.count == 1)
        #expect(error.kind == .timeout(.acknowledge))
        #expect(driver.ended(end).failure == error)
    }

    @Test(
        "The first connection fails at once and loudly, even where a later one would be tried again",
        arguments: [
            .closeFrame(code: 1001, reason: ""), .closeFrame(code: 1000, reason: ""),
            .closeFrame(code: 4500, reason: "busy"), .failure(FreshetError(.unreachable, "refused")),
            .failure(FreshetError(.timeout(.connect), "slow")),
            .failure(FreshetError(.upgradeRefused(status: 503), "later"), retryAfter: .seconds(1)),
        ] as [ConnectionEnd],
        [Stage.dialing, .acknowledging]
    )
    func loudFirst(_ end: ConnectionEnd, _ stage: Stage) throws {
        guard case .retry(_, let error) = ClosePolicy().verdict(on: end) else {
            Issue.record("this end is not one to try again after")
            return
        }
        var driver = stage.driver
        #expect(
            driver.ended(end) == [
                .stop(.acknowledge), .lost, .report(.idle), .fail(error),
            ]
        )
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(2)])
        #expect(driver.ended(end).failure == error)
    }
}
