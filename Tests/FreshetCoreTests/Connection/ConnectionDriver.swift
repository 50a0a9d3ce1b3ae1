// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A connection machine with the time and the jitter it is told, and the epoch of its latest attempt.
struct ConnectionDriver {
    private(set) var machine: ConnectionMachine
    private let close: ClosePolicy
    private(set) var epoch: ConnectionMachine.Epoch = 0
    var now: Duration = .zero
    var jitter = 0.5

    init(_ policy: ConnectionPolicy = ConnectionPolicy(), hasCredentials: Bool = false) {
        self.machine = ConnectionMachine(policy: policy, hasCredentials: hasCredentials)
        self.close = policy.close
    }

    init(attempts: Int) {
        var policy = ConnectionPolicy()
        policy.attempts = attempts
        self.init(policy)
    }

    mutating func on(_ event: ConnectionMachine.Event) -> [ConnectionMachine.Action] {
        let actions = machine.on(event, at: now, jitter: jitter)
        for action in actions {
            switch action {
            case .dial(let epoch), .askCredentials(let epoch, _): self.epoch = epoch
            default: break
            }
        }
        return actions
    }

    mutating func credentials(lifetime: Duration? = nil) -> [ConnectionMachine.Action] {
        on(.credentials(epoch, lifetime: lifetime))
    }

    mutating func opened() -> [ConnectionMachine.Action] { on(.opened(epoch)) }

    mutating func ready() -> [ConnectionMachine.Action] { on(.ready(epoch)) }

    mutating func ended(_ end: ConnectionEnd, _ epoch: ConnectionMachine.Epoch? = nil) -> [ConnectionMachine.Action] {
        on(.ended(epoch ?? self.epoch, end, close.decision(on: end)))
    }

    mutating func fired(_ timer: ConnectionMachine.Timer) -> [ConnectionMachine.Action] {
        on(.fired(timer, epoch))
    }

    /// From dialing to live.
    mutating func connect() {
        _ = opened()
        _ = ready()
    }

    /// From asking for credentials to live.
    mutating func connect(lifetime: Duration?) {
        _ = credentials(lifetime: lifetime)
        connect()
    }
}

extension ConnectionEnd {
    static let goingAway = ConnectionEnd.closeFrame(code: 1001, reason: "")
    static let refused = ConnectionEnd.failure(FreshetError(.unreachable, "refused"))
    static let unauthorized = ConnectionEnd.closeFrame(code: 4401, reason: "expired")
}

extension [ConnectionMachine.Action] {
    /// The error that every feed ends with, if it does.
    var failure: FreshetError? {
        for case .fail(let error) in self { return error }
        return nil
    }

    /// The wait before the next attempt, if there is to be one.
    var retryDelay: Duration? { delay(of: .retry) }

    /// The number that the attempt is reported with, if one begins.
    var attempt: Int? {
        for case .report(.connecting(let attempt)) in self { return attempt }
        return nil
    }

    /// Whether anything is to be connected to.
    var dials: Bool {
        contains { action in
            switch action {
            case .dial, .askCredentials: true
            default: false
            }
        }
    }

    /// The end with which the attempt of this epoch is abandoned, if it is.
    func abandoned(_ epoch: ConnectionMachine.Epoch) -> ConnectionEnd? {
        for case .abandonSocket(epoch, let end) in self { return end }
        return nil
    }

    func delay(of timer: ConnectionMachine.Timer) -> Duration? {
        for case .start(timer, let delay, _) in self { return delay }
        return nil
    }
}
