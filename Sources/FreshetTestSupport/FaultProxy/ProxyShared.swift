// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a `FaultProxy` and its thread have in common.
final class ProxyShared: Sendable {
    /// What a call wants of connections that are open.
    enum Command: Sendable {
        /// To do this; the number is that of one, nil for all.
        case act(FaultAction, connection: Int?)
        /// To do what the rule of this number says, at this time.
        case arm(rule: Int, FaultMatch, due: Duration)
    }

    private struct State: Sendable {
        var conditions = NetworkConditions()
        var rules = FaultRules()
        var commands: [Command] = []
        var isStopped = false
    }

    let clock: ProxyClock
    let configuration: FaultProxyConfiguration
    let waker: ProxyWaker
    let log: FaultLog
    private let state = Locked(State())

    init(
        _ configuration: FaultProxyConfiguration,
        _ clock: ProxyClock,
        _ onEntry: (@Sendable (FaultLogEntry) -> Void)?
    ) throws(FreshetError) {
        self.clock = clock
        self.configuration = configuration
        self.log = FaultLog(limit: configuration.logLimit, onEntry: onEntry)
        self.waker = try ProxyWaker()
    }

    var conditions: NetworkConditions { self.state.withLock { $0.conditions } }
    var isStopped: Bool { self.state.withLock { $0.isStopped } }

    func set(_ conditions: NetworkConditions) {
        self.state.withLock { $0.conditions = conditions }
        self.note(.conditions(conditions), of: 0)
        self.waker.wake()
    }

    func rules<Result: Sendable>(_ body: (inout FaultRules) -> Result) -> Result {
        self.state.withLock { body(&$0.rules) }
    }

    func add(_ command: Command) {
        self.state.withLock { $0.commands.append(command) }
        self.waker.wake()
    }

    func takeCommands() -> [Command] {
        self.state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    func stop() {
        self.state.withLock { $0.isStopped = true }
        self.waker.wake()
    }

    func note(_ event: FaultLogEntry.Event, of connection: Int) {
        self.log.append(event, connection: connection, at: self.clock.now())
    }
}
