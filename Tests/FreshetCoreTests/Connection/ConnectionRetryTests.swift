// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Drops after the first connection: when to come back, and when to give up.
struct ConnectionRetryTests {
    private typealias Action = ConnectionMachine.Action

    private func live(attempts: Int? = nil) -> ConnectionDriver {
        var policy = ConnectionPolicy()
        policy.attempts = attempts
        return Stage.live.driver(policy)
    }

    @Test("A live connection's drop is reported, waited for, and dialled again")
    func drop() {
        var driver = live()
        let error = FreshetError(.closed(code: 1001), "the server closed the connection with code 1001: bye")
        #expect(
            driver.ended(.closeFrame(code: 1001, reason: "bye")) == [
                .stop(.linger, 1), .stop(.rotate, 1), .lost(1),
                .report(.waiting(delay: .milliseconds(125), attempt: 1, error: error)),
                .start(.retry, .milliseconds(125), 1),
            ]
        )
        #expect(driver.fired(.retry) == [.report(.connecting(attempt: 2)), .dial(2)])
        #expect(driver.fired(.retry) == [])
    }

    @Test(
        "D4 D13 Failed attempts after a drop are tried again, with growing waits up to a cap",
        arguments: [false, true]
    )
    func growingWaits(opens: Bool) {
        var driver = live()
        driver.jitter = 0
        #expect(driver.ended(.goingAway).retryDelay == .zero)
        driver.jitter = 0.5
        for (attempt, milliseconds) in [(2, 250), (3, 500), (4, 1000), (5, 2000), (6, 4000), (7, 8000), (8, 15_000)] {
            #expect(driver.fired(.retry).attempt == attempt)
            if opens { _ = driver.opened() }
            #expect(driver.ended(.refused).retryDelay == .milliseconds(milliseconds))
        }
        for _ in 0..<200 {
            _ = driver.fired(.retry)
            #expect(driver.ended(.refused).retryDelay == .seconds(15))
        }
    }

    @Test("The policy's backoff is the one that is waited")
    func backoff() {
        var policy = ConnectionPolicy()
        policy.backoff = Backoff(initial: .seconds(2), factor: 3, cap: .seconds(10))
        var driver = Stage.live.driver(policy)
        for seconds in [1, 3, 5, 5] {
            #expect(driver.ended(.goingAway).retryDelay == .seconds(seconds))
            _ = driver.fired(.retry)
        }
    }

    @Test("B46 Without retries the first drop is final")
    func noRetries() {
        var driver = live(attempts: 0)
        let actions = driver.ended(.closeFrame(code: 1005, reason: ""))
        #expect(actions.failure?.kind == .closed(code: 1005))
        #expect(actions.retryDelay == nil)
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(2)])
    }

    @Test("B47 With three retries exactly three attempts follow, then the feeds get the last error")
    func threeRetries() {
        var driver = live(attempts: 3)
        #expect(driver.ended(.goingAway).retryDelay != nil)
        for _ in 1...2 {
            #expect(driver.fired(.retry).contains(.dial(driver.epoch)))
            #expect(driver.ended(.refused).retryDelay != nil)
        }
        _ = driver.fired(.retry)
        let actions = driver.ended(.refused)
        #expect(actions.failure == ConnectionEnd.refused.feedError)
        #expect(actions.retryDelay == nil)
        #expect(driver.epoch == 4)
    }

    @Test("D12 A server that acknowledges and drops is not tried for ever at the first step")
    func acknowledgedAndDropped() {
        var driver = live(attempts: 2)
        #expect(driver.ended(.goingAway).retryDelay == .milliseconds(125))
        _ = driver.fired(.retry)
        driver.connect()
        driver.now += .milliseconds(29_999)
        #expect(driver.ended(.goingAway).retryDelay == .milliseconds(250))
        _ = driver.fired(.retry)
        driver.connect()
        #expect(driver.ended(.goingAway).failure?.kind == .closed(code: 1001))
    }

    @Test("B48 D12 After 30 healthy seconds the count and the waits begin again")
    func healthy() {
        var driver = live(attempts: 1)
        for _ in 0..<5 {
            #expect(driver.ended(.goingAway).retryDelay == .milliseconds(125))
            #expect(driver.fired(.retry).attempt == 2)
            driver.connect()
            driver.now += .seconds(30)
        }
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        #expect(driver.ended(.refused).failure?.kind == .unreachable)
    }

    @Test("The policy's healthy time is the one that counts")
    func healthyPolicy() {
        var policy = ConnectionPolicy()
        policy.healthy = .seconds(5)
        var driver = Stage.live.driver(policy)
        for (lived, milliseconds) in [(1, 125), (4, 250), (5, 125), (4, 250)] {
            driver.now += .seconds(lived)
            #expect(driver.ended(.goingAway).retryDelay == .milliseconds(milliseconds))
            _ = driver.fired(.retry)
            driver.connect()
        }
    }

    @Test("Time that was spent waiting and connecting is not healthy time")
    func waitingIsNotHealthy() {
        var driver = live()
        _ = driver.ended(.goingAway)
        driver.now += .seconds(60)
        _ = driver.fired(.retry)
        driver.now += .seconds(60)
        driver.connect()
        driver.now += .seconds(29)
        #expect(driver.ended(.goingAway).retryDelay == .milliseconds(250))
    }

    @Test("B56 After a healthy connection that nobody wanted any more, the next one is a first attempt")
    func healthyThenUnwanted() {
        var driver = live()
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        driver.connect()
        driver.now += .seconds(3600)
        _ = driver.on(.unwanted)
        _ = driver.ended(.ours)
        #expect(driver.on(.wanted).attempt == 1)
        #expect(driver.ended(.refused).retryDelay == .milliseconds(125))
    }

    @Test("D1 A server that says 1000 while feeds are open is waited for like any other")
    func normalClosure() {
        var driver = live()
        for milliseconds in [125, 250, 500] {
            let actions = driver.ended(.closeFrame(code: 1000, reason: ""))
            #expect(actions.retryDelay == .milliseconds(milliseconds))
            #expect(driver.fired(.retry) == [.report(.connecting(attempt: Int(driver.epoch))), .dial(driver.epoch)])
            driver.connect()
        }
        var strict = live(attempts: 0)
        #expect(strict.ended(.closeFrame(code: 1000, reason: "")).failure?.kind == .closed(code: 1000))
    }

    @Test("B55 D6 Leaving during the wait cuts it, and no attempt follows", arguments: [false, true])
    func unwantedWhileWaiting(forGood: Bool) {
        var driver = live()
        _ = driver.ended(.goingAway)
        #expect(driver.on(forGood ? .close : .unwanted) == [.stop(.retry, 1), .report(.idle)])
        #expect(driver.fired(.retry) == [])
        #expect(driver.on(.wanted).contains(.dial(2)) == !forGood)
    }

    @Test("B55 The same on a later cycle")
    func unwantedWhileWaitingAgain() {
        var driver = live()
        _ = driver.ended(.goingAway)
        _ = driver.on(.unwanted)
        _ = driver.on(.wanted)
        driver.connect()
        #expect(driver.ended(.goingAway).retryDelay != nil)
        #expect(driver.on(.unwanted) == [.stop(.retry, 2), .report(.idle)])
        #expect(driver.fired(.retry) == [])
    }

    @Test("B53 B54 After several retries the last listener's leaving closes, and not before")
    func unwantedAfterRetries() {
        var driver = live()
        for _ in 0..<4 {
            _ = driver.ended(.goingAway)
            #expect(driver.on(.wanted) == [])
            _ = driver.fired(.retry)
            driver.connect()
        }
        #expect(driver.on(.unwanted).contains(.closeSocket(5)))
        #expect(driver.ended(.ours) == [.report(.idle)])
    }

    @Test(
        "B50 Fatal ends are final at once, even with unlimited retries",
        arguments: [4406, 4005, 4400, 4004, 4409, 1002, 1008, 1009] as [UInt16]
    )
    func fatal(_ code: UInt16) throws {
        var driver = live()
        driver.now = .seconds(60)
        let end = ConnectionEnd.closeFrame(code: code, reason: "no")
        #expect(
            driver.ended(end) == [
                .stop(.linger, 1), .stop(.rotate, 1), .lost(1), .report(.failed(end.feedError)), .fail(end.feedError),
            ]
        )
        // What comes after is a first connection again: loud.
        #expect(driver.on(.wanted) == [.report(.connecting(attempt: 1)), .dial(2)])
        #expect(driver.ended(.refused).failure?.kind == .unreachable)
    }

    @Test("A fatal end of a retry is final too")
    func fatalRetry() {
        var driver = live()
        _ = driver.ended(.goingAway)
        _ = driver.fired(.retry)
        #expect(driver.ended(.failure(FreshetError(.tls(.expired), "old"))).failure?.kind == .tls(.expired))
    }

    @Test("What a server in trouble asks for is waited at least, and the jitter comes on top")
    func floors() {
        var driver = live()
        #expect(driver.ended(.closeFrame(code: 1013, reason: "")).retryDelay == .milliseconds(5125))
        _ = driver.fired(.retry)
        let busy = FreshetError(.upgradeRefused(status: 503), "busy")
        #expect(driver.ended(.failure(busy, retryAfter: .seconds(7))).retryDelay == .milliseconds(7250))
    }

    @Test("The outage is measured from the first loss, over all failed attempts, and keeps its reason")
    func outage() {
        var driver = live()
        driver.now = .seconds(100)
        _ = driver.ended(.closeFrame(code: 1012, reason: "restart"))
        for second in [101, 103, 107] {
            driver.now = .seconds(second)
            _ = driver.fired(.retry)
            driver.now += .milliseconds(500)
            _ = driver.ended(.refused)
        }
        driver.now = .seconds(115)
        _ = driver.fired(.retry)
        _ = driver.opened()
        driver.now = .milliseconds(115_250)
        let reason = "the server closed the connection with code 1012: restart"
        #expect(driver.ready().contains(.subscribeAll(5, outage: .milliseconds(15_250), reason: reason)))
    }

    @Test("Whoever comes after all the others have left has missed nothing", arguments: [false, true])
    func outageOfOthers(whileSuspended: Bool) {
        var driver = live()
        driver.now = .seconds(10)
        if whileSuspended {
            _ = driver.on(.hint(.suspend))
        } else {
            _ = driver.ended(.goingAway)
            _ = driver.fired(.retry)
        }
        _ = driver.on(.unwanted)
        _ = driver.on(.wanted)
        driver.now = .seconds(60)
        _ = driver.ended(.ours)
        if whileSuspended { _ = driver.on(.hint(.resume)) }
        _ = driver.opened()
        #expect(driver.ready().contains(.subscribeAll(driver.epoch, outage: .zero, reason: "")))
    }

    @Test("Each outage is measured for itself")
    func secondOutage() {
        var driver = live()
        driver.now = .seconds(10)
        _ = driver.ended(.goingAway)
        driver.now = .seconds(11)
        _ = driver.fired(.retry)
        driver.connect()
        driver.now = .seconds(20)
        _ = driver.ended(.refused)
        driver.now = .seconds(22)
        _ = driver.fired(.retry)
        _ = driver.opened()
        #expect(driver.ready().contains(.subscribeAll(3, outage: .seconds(2), reason: "refused")))
    }
}
