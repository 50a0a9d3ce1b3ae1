// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A connection machine with the time and the jitter it is told, and the epoch of its latest attempt.
struct ConnectionDriver {
    private var machine: ConnectionMachine
    private(set) var epoch: ConnectionMachine.Epoch = 0
    var now: Duration = .zero
    var jitter = 0.5

    init(attempts: Int? = nil) {
        var policy = ConnectionMachine.Policy()
        policy.attempts = attempts
        self.machine = ConnectionMachine(policy: policy)
    }

    mutating func on(_ event: ConnectionMachine.Event) -> [ConnectionMachine.Action] {
        let actions = machine.on(event, at: now, jitter: jitter)
        for case .dial(let epoch) in actions { self.epoch = epoch }
        return actions
    }

    mutating func opened() -> [ConnectionMachine.Action] { on(.opened(epoch)) }

    mutating func ready() -> [ConnectionMachine.Action] { on(.ready(epoch)) }

    mutating func ended(_ end: ConnectionEnd) -> [ConnectionMachine.Action] { on(.ended(epoch, end)) }

    mutating func fired(_ timer: ConnectionMachine.Timer) -> [ConnectionMachine.Action] {
        on(.fired(timer, epoch))
    }

    /// From dialing to live.
    mutating func connect() {
        _ = opened()
        _ = ready()
    }
}

/// Where a connection machine can be.
enum Stage: CaseIterable {
    case idle, dialing, acknowledging, live, waiting, closing, closed

    /// A machine of unlimited attempts that is there, at time zero.
    var driver: ConnectionDriver {
        var driver = ConnectionDriver()
        if self == .idle { return driver }
        _ = driver.on(.wanted)
        switch self {
        case .idle, .dialing: break
        case .acknowledging: _ = driver.opened()
        case .live: driver.connect()
        case .waiting:
            driver.connect()
            _ = driver.ended(.closeFrame(code: 1001, reason: ""))
        case .closing: _ = driver.on(.unwanted)
        case .closed: _ = driver.on(.close)
        }
        return driver
    }
}

extension [ConnectionMachine.Action] {
    /// The error that every feed ends with, if it does.
    var failure: FreshetError? {
        for case .fail(let error) in self { return error }
        return nil
    }

    /// The wait before the next attempt, if there is to be one.
    var retryDelay: Duration? {
        for case .start(.retry, let delay, _) in self { return delay }
        return nil
    }

    /// The number that the attempt is reported with, if one begins.
    var attempt: Int? {
        for case .report(.connecting(let attempt)) in self { return attempt }
        return nil
    }
}
