// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// What happens in a run: who comes and goes, what is published, what goes wrong; and the judgement at the end.
final class Script {
    private let scenario: Scenario
    private let chance: Chance
    private let clock: SimulatedClock
    private let server: SimulatedServer
    private let client: SimulatedClient
    private(set) var consumers: [SimulatedConsumer] = []
    private var mutations: [SimulatedOneShot] = []
    /// What had been published when everybody had had time to recover.
    private var lastWhenWell: [Int] = []

    init(scenario: Scenario, chance: Chance, clock: SimulatedClock, server: SimulatedServer, client: SimulatedClient) {
        self.scenario = scenario
        self.chance = chance
        self.clock = clock
        self.server = server
        self.client = client
    }

    func run(stepLimit: Int) -> String? {
        for topic in 0..<self.scenario.topics { self.publishLater(topic) }
        for _ in 0..<self.scenario.consumers { self.clock.after(self.whenever()) { [unowned self] in self.join() } }
        for _ in 0..<self.scenario.oneShots { self.clock.after(self.whenever()) { [unowned self] in self.askOnce() } }
        for _ in 0..<self.scenario.faults { self.clock.after(self.whenever()) { [unowned self] in self.goWrong() } }
        self.clock.after(self.scenario.faultsEnd) { [unowned self] in self.getWell() }
        guard self.clock.run(until: self.scenario.end, atMost: stepLimit) else {
            return "it goes on and on: \(self.clock.steps) steps until \(self.clock.now)"
        }
        if let fault = self.judge() { return fault }
        return self.leave(stepLimit)
    }

    func tearDown() {
        // Timers that never came hold closures over the client; the clock is let go of with them.
        self.consumers = []
        self.mutations = []
    }

    private func whenever() -> Duration { self.chance.time(.zero..<self.scenario.faultsEnd) }

    // MARK: - What is normal

    private func publishLater(_ topic: Int) {
        self.clock.after(self.scenario.pace * (self.chance.unit() * 2)) { [unowned self] in
            // Nothing new comes at the end, so that it can be told what is missing.
            guard self.clock.now < self.scenario.faultsEnd + .seconds(100) else { return }
            if self.clock.now < self.scenario.faultsEnd || self.chance.below(20) == 0 { self.server.publish(topic) }
            if self.scenario.forgets, self.chance.below(50) == 0 { self.server.forget(topic, keeping: 20) }
            self.publishLater(topic)
        }
    }

    private func join() {
        let topic = self.chance.below(self.scenario.topics)
        let overflow: DeliveryPolicy.Overflow = self.chance.pick([
            .suspending, .suspending, .dropOldest, .latestPerKey("data.e.t"), .failOnOverflow,
        ])
        let delivery = DeliveryPolicy(overflow, elements: self.chance.pick([4, 16, 64, 4096]))
        let slowest: Duration = self.chance.pick([.zero, .milliseconds(50), .seconds(2)])
        let kind = self.chance.pick(Scenario.Kind.allCases)
        let consumer = SimulatedConsumer(
            id: self.client.nextConsumer(),
            kind: kind,
            topic: topic,
            isPollable: (kind == .snapshot || kind == .list) && self.chance.below(3) > 0,
            delivery: delivery,
            pace: { [chance] in slowest * chance.unit() }
        )
        self.consumers.append(consumer)
        self.client.open(consumer)
        guard self.chance.below(3) == 0 else { return }
        self.clock.after(self.whenever()) { [unowned self] in
            self.client.leave(consumer.id)
        }
    }

    private func askOnce() {
        let isMutation = Bool(self.chance.below(2) == 0)
        guard isMutation else {
            _ = self.client.ask("state", 0, .query, SimulatedOneShot())
            return
        }
        let oneShot = SimulatedOneShot(mutation: 1_000 + self.mutations.count)
        self.mutations.append(oneShot)
        _ = self.client.ask("add", 1_000 + self.mutations.count - 1, .mutation, oneShot)
    }

    // MARK: - What goes wrong

    private func goWrong() {
        let lost = FreshetError(.closed(code: 1006), "the connection was cut")
        switch self.chance.below(17) {
        case 0, 1: self.server.endAll(.failure(lost), losingTexts: true)
        case 2: self.server.endAll(.failure(lost), losingTexts: false)
        case 3:
            let code = self.chance.pick([1000, 1001, 1011, 1012, 1013, 4429, 4500, 3456] as [UInt16])
            self.server.endAll(.closeFrame(code: code, reason: ""), losingTexts: false)
        case 4, 5:
            self.server.stop()
            self.clock.after(self.chance.time(.zero..<Duration.seconds(20))) { [unowned self] in self.server.start() }
        case 6: self.blackHole()
        case 7: self.client.refusesUntil = self.clock.now + self.chance.time(.zero..<Duration.seconds(10))
        case 8: self.client.hangsUntil = self.clock.now + self.chance.time(.zero..<Duration.seconds(5))
        case 9: self.client.providerFailsUntil = self.clock.now + self.chance.time(.zero..<Duration.seconds(8))
        case 10 where self.scenario.tokenLifetime != nil:
            self.server.refusals = self.chance.below(3)
            self.server.endAll(.closeFrame(code: 4401, reason: ""), losingTexts: false)
        case 11:
            self.server.isMute = true
            self.server.endAll(.failure(lost), losingTexts: true)
            self.clock.after(self.chance.time(.zero..<Duration.seconds(12))) { [unowned self] in
                self.server.isMute = false
            }
        case 12:
            self.client.hint(self.chance.pick([.suspend, .resume, .networkChanged, .credentialsChanged]))
        case 13, 14:
            // For a while, or for ever.
            let longest: Duration = self.chance.pick([.seconds(10), .seconds(40)])
            self.client.refuseUpgrades(
                status: self.chance.pick([403, 404, 426, 503]),
                for: self.chance.time(.zero..<longest)
            )
            self.server.endAll(.failure(lost), losingTexts: true)
        case 15: self.client.restFailsUntil = self.clock.now + self.chance.time(.zero..<Duration.seconds(10))
        default: self.server.breakOne()
        }
    }

    /// Silence; the keep-alive notices it.
    private func blackHole() {
        let dead = Array(self.client.links.values)
        self.server.goSilent()
        let error = FreshetError(.timeout(.keepAlive), "nothing was heard")
        self.clock.after(self.chance.time(Duration.seconds(10)..<Duration.seconds(30))) {
            for link in dead where link.isDead { link.clientAbandons(.failure(error)) }
        }
    }

    private func getWell() {
        self.server.start()
        self.server.isMute = false
        self.server.refusals = 0
        self.server.takeCare()
        self.client.refusesUntil = .zero
        self.client.allowUpgrades()
        self.client.restFailsUntil = .zero
        self.client.hangsUntil = .zero
        self.client.providerFailsUntil = .zero
        self.client.hint(.resume)
        self.client.hint(.credentialsChanged)
        self.clock.after(.seconds(80)) { [unowned self] in self.lastWhenWell = self.server.last }
        // A refusal that was still on its way may have parked the connection after that.
        for seconds in [30, 60] {
            self.clock.after(.seconds(seconds)) { [unowned self] in self.client.hint(.credentialsChanged) }
        }
    }

    // MARK: - Judgement

    private func judge() -> String? {
        if let violation = self.client.violations.first { return violation }
        for consumer in self.consumers {
            for _ in 0..<3 { self.client.drain(consumer) }
            let oracle = Oracle(
                consumer: consumer,
                server: self.server,
                lastWhenWell: self.lastWhenWell,
                wasRefused: self.client.hasRefused,
                isWithoutLoss: self.scenario.carelessness == 0 && !self.scenario.forgets
            )
            if let fault = oracle.verdict() {
                let policy = "\(consumer.kind), \(consumer.delivery.overflow)"
                return "consumer \(consumer.id) (\(policy)) of topic \(consumer.topic): \(fault)"
            }
        }
        for (number, count) in self.server.executed where count > 1 {
            return "mutation \(number) was executed \(count) times"
        }
        for oneShot in self.mutations {
            if case .success? = oneShot.outcome, self.server.executed[oneShot.mutation ?? 0] == nil {
                return "a mutation has a result and was not executed"
            }
            if oneShot.outcome == nil { return "a mutation never ends" }
        }
        if self.server.peak > 2 { return "\(self.server.peak) connections at once" }
        return self.judgeDials()
    }

    /// noSpinOnReconnect: the backoff allows for some attempts in a short time, and not for many.
    private func judgeDials() -> String? {
        let dials = self.client.dials
        for (index, dial) in dials.enumerated() where index >= 60 && dial - dials[index - 60] < .seconds(10) {
            return "60 attempts in 10 s, until \(dial)"
        }
        return nil
    }

    /// no-leak
    private func leave(_ stepLimit: Int) -> String? {
        for consumer in self.consumers where !consumer.hasLeft { self.client.leave(consumer.id) }
        guard self.clock.run(until: self.clock.now + .seconds(5), atMost: stepLimit) else { return "it does not end" }
        if self.server.openSubscriptions > 0 {
            return "\(self.server.openSubscriptions) subscriptions are left on the server"
        }
        self.client.close()
        guard self.clock.run(until: self.clock.now + .seconds(5), atMost: stepLimit) else { return "it does not end" }
        if !self.client.isIdle { return "the client is not idle after close" }
        if self.server.openConnections > 0 { return "\(self.server.openConnections) connections are left" }
        let timers = self.client.armedTimers
        return timers.isEmpty ? nil : "timers are left: \(timers)"
    }
}
