// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A random world around a connection machine: sockets, a provider, timers, listeners. It carries out what the machine says and
/// notes the first thing that must never be.
struct ConnectionWorld {
    typealias Epoch = ConnectionMachine.Epoch
    typealias Timer = ConnectionMachine.Timer

    private struct Running: Hashable {
        let timer: Timer
        let epoch: Epoch
    }

    /// Abandoned ones may still be closed, closed ones may not.
    private enum Stage { case asked, dialled, opened, shaking, abandoned, closing }

    private static let ends: [ConnectionEnd] = [
        .goingAway, .refused, .unauthorized, .closeFrame(code: 4400, reason: ""), .closeFrame(code: 1013, reason: ""),
        .failure(FreshetError(.unauthorized, "signed out")), .failure(FreshetError(.upgradeRefused(status: 404), "no")),
    ]

    private(set) var violation: String?
    private var machine: ConnectionMachine
    private var random: SplitMix64
    private var now: Duration = .zero
    private var attempts: [Epoch: Stage] = [:]
    private var timers: Set<Running> = []
    private var stopped: Set<Running> = []
    private var everStarted: Set<Running> = []
    private var handingOver: Epoch?
    private var isPollable = false
    private var isPolling = false
    private var lastEpoch: Epoch = 0
    private var isClosed = false
    private var isSuspended = false
    private var log: [(event: ConnectionMachine.Event, actions: [ConnectionMachine.Action])] = []

    init(seed: UInt64) {
        self.random = SplitMix64(seed: seed)
        var policy = ConnectionPolicy()
        policy.eager = self.random.chance(1, in: 4)
        policy.linger = self.random.chance(1, in: 2) ? .seconds(3) : .zero
        policy.waitsForFirstConnection = self.random.chance(1, in: 2)
        policy.attempts = self.random.chance(1, in: 3) ? self.random.below(4) : nil
        self.machine = ConnectionMachine(policy: policy, hasCredentials: self.random.chance(3, in: 4))
    }

    mutating func run(steps: Int) {
        self.on(.wanted)
        for _ in 0..<steps where self.violation == nil { self.step() }
        self.settle()
    }

    private func sockets(_ stage: Stage) -> [Epoch] {
        self.attempts.filter { $0.value == stage }.keys.sorted()
    }

    private mutating func step() {
        self.now += .milliseconds(self.random.below(20_000))
        switch self.random.below(18) {
        case 0: self.on(.wanted)
        case 1: self.on(.unwanted)
        case 2:
            let hint = ConnectionHint.allCases[self.random.below(4)]
            if hint == .suspend { self.isSuspended = true }
            if hint == .resume { self.isSuspended = false }
            self.on(.hint(hint))
        case 3 where self.random.chance(1, in: 12):
            self.isClosed = true
            self.on(.close)
        case 3, 4, 5: self.fireOne()
        case 6, 7:
            guard let epoch = self.random.pick(self.sockets(.asked)) else { return self.advance() }
            self.attempts[epoch] = nil  // the provider has answered
            self.on(
                .credentials(epoch, lifetime: self.random.chance(1, in: 2) ? .seconds(1 + self.random.below(100)) : nil)
            )
        case 8, 9, 10, 11: self.advance()
        case 12, 13: self.endOne()
        case 14:
            self.isPollable.toggle()
            self.on(.pollable(self.isPollable))
        case 15:
            // Late words of polls that are over as well.
            self.on(self.random.chance(1, in: 2) ? .polled : .pollFailed)
        case 16:
            if let epoch = self.handingOver { self.on(.handedOver(epoch)) }
        default: self.stale()
        }
    }

    /// A socket goes a step further.
    private mutating func advance() {
        if let epoch = self.random.pick(self.sockets(.dialled)) {
            self.attempts[epoch] = .opened
            return self.on(.opened(epoch))
        }
        if let epoch = self.random.pick(self.sockets(.shaking)) { self.on(.ready(epoch)) }
    }

    private mutating func endOne() {
        let all = self.attempts.keys.sorted()
        guard let epoch = self.random.pick(all), let end = self.random.pick(Self.ends) else { return }
        self.end(epoch, end)
    }

    private mutating func end(_ epoch: Epoch, _ end: ConnectionEnd) {
        self.attempts[epoch] = nil
        if self.handingOver == epoch { self.handingOver = nil }
        self.on(.ended(epoch, end, ClosePolicy().decision(on: end)))
    }

    private func sorted(_ timers: Set<Running>) -> [Running] {
        timers.sorted { ("\($0.timer)", $0.epoch) < ("\($1.timer)", $1.epoch) }
    }

    private mutating func fireOne() {
        guard let running = self.random.pick(self.sorted(self.timers)) else { return }
        self.timers.remove(running)
        self.on(.fired(running.timer, running.epoch))
    }

    /// Something that is over, or has not begun.
    private mutating func stale() {
        let epoch =
            self.random.chance(1, in: 4) ? self.lastEpoch + 1 : UInt64(self.random.below(Int(self.lastEpoch) + 1))
        guard self.attempts[epoch] == nil else { return }
        switch self.random.below(4) {
        case 0: self.on(.opened(epoch))
        case 1: self.on(.ready(epoch))
        case 2: self.on(.ended(epoch, .goingAway, .retry))
        default:
            // Stopped, but it had fired already.
            guard let running = self.random.pick(self.sorted(self.stopped)) else { return }
            self.stopped.remove(running)
            self.on(.fired(running.timer, running.epoch))
        }
    }

    /// Nobody wants anything any more: what is left then?
    private mutating func settle() {
        self.isClosed = true
        self.on(.close)
        for epoch in self.attempts.keys.sorted()
        where self.attempts[epoch] != .closing && self.attempts[epoch] != .abandoned {
            self.note("attempt \(epoch) is left behind")
        }
        for epoch in self.attempts.keys.sorted() { self.end(epoch, .ours) }
        if self.isPolling { self.note("polling goes on after the end") }
        for running in self.everStarted {
            var machine = self.machine
            let actions = machine.on(.fired(running.timer, running.epoch), at: self.now, jitter: 0.5)
            if !actions.isEmpty { self.note("\(running) is not harmless: \(actions)") }
        }
    }

    // MARK: - Carrying out

    private mutating func note(_ text: String) {
        guard self.violation == nil else { return }
        let log = self.log.map { "\($0.event) -> \($0.actions)" }
        self.violation = text + "\n" + log.joined(separator: "\n")
    }

    private mutating func on(_ event: ConnectionMachine.Event) {
        let actions = self.machine.on(event, at: self.now, jitter: 0.5)
        self.log.append((event, actions))
        for action in actions { self.perform(action) }
        let outstanding = self.attempts.filter { $0.value != .closing && $0.value != .abandoned }.count
        if outstanding > (self.machine.isLive ? 2 : 1) { self.note("\(outstanding) attempts at once") }
        // While credentials are waited for there is no socket that would say that it is over.
        for action in actions {
            guard case .abandonSocket(let epoch, let end) = action, self.attempts[epoch] == nil else { continue }
            self.on(.ended(epoch, end, ClosePolicy().decision(on: end)))
        }
    }

    private mutating func begin(_ epoch: Epoch, _ stage: Stage) {
        if self.isClosed { self.note("\(epoch) begins after the end") }
        if self.isSuspended { self.note("\(epoch) begins while suspended") }
        if self.attempts[epoch] != nil { self.note("\(epoch) begins twice") }
        self.lastEpoch = max(self.lastEpoch, epoch)
        self.attempts[epoch] = stage
    }

    private mutating func perform(_ action: ConnectionMachine.Action) {
        switch action {
        case .askCredentials(let epoch, _): self.begin(epoch, .asked)
        case .dial(let epoch): self.begin(epoch, .dialled)
        case .dropCredentials(let epoch): self.demand(epoch, [.asked], becomes: nil)
        case .handshake(let epoch): self.demand(epoch, [.opened], becomes: .shaking)
        case .subscribeAll(let epoch, let outage, _):
            self.demand(epoch, [.shaking], becomes: .shaking)
            if outage < .zero { self.note("an outage of \(outage)") }
        case .handOver(let old, let new):
            self.demand(old, [.shaking], becomes: .shaking)
            self.demand(new, [.shaking], becomes: .shaking)
            self.handingOver = new
        case .forceHandOver(let epoch, _, _):
            self.demand(epoch, [.shaking], becomes: .shaking)
            self.handingOver = nil
        case .cancelHandOver: self.handingOver = nil
        case .closeSocket(let epoch): self.demand(epoch, [.dialled, .opened, .shaking, .abandoned], becomes: .closing)
        case .abandonSocket(let epoch, _):
            if self.attempts[epoch] != nil { self.demand(epoch, [.opened, .shaking], becomes: .abandoned) }
        case .probe(let epoch): self.demand(epoch, [.shaking], becomes: .shaking)
        case .start(let timer, let delay, let epoch):
            if delay < .zero { self.note("a delay of \(delay)") }
            self.timers.insert(Running(timer: timer, epoch: epoch))
            self.stopped.remove(Running(timer: timer, epoch: epoch))
            self.everStarted.insert(Running(timer: timer, epoch: epoch))
        case .stop(let timer, let epoch):
            guard let running = self.timers.remove(Running(timer: timer, epoch: epoch)) else { break }
            self.stopped.insert(running)
        case .poll:
            if self.isPolling { self.note("polling begins twice") }
            if !self.isPollable { self.note("nobody can poll") }
            if self.machine.isLive { self.note("polling beside a live connection") }
            self.isPolling = true
        case .stopPolling:
            if !self.isPolling { self.note("polling ends twice") }
            self.isPolling = false
        case .report(.live):
            if self.isPolling, self.log.last?.actions.contains(.stopPolling(subscriptionsFollow: true)) != true {
                self.note("polling goes on beside a live connection")
            }
        case .report(.polling): if !self.isPolling { self.note("polling is only said") }
        case .lost, .fail, .failUnpollable, .report: break
        }
    }

    private mutating func demand(_ epoch: Epoch, _ stages: [Stage], becomes next: Stage?) {
        guard let stage = self.attempts[epoch], stages.contains(stage) else {
            return self.note("\(epoch) is \(self.attempts[epoch].map { "\($0)" } ?? "gone"), not one of \(stages)")
        }
        self.attempts[epoch] = next
    }
}
