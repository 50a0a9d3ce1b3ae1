// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

/// One seed: a client, a network, a server, consumers and faults; and what the oracle thinks of it.
package struct Simulation {
    /// What a run has come to.
    package struct Outcome: Sendable {
        package let seed: UInt64
        /// What was wrong, if anything.
        package let fault: String?
        /// How long it was in virtual time.
        package let duration: Duration
        package let steps: Int
        package let dials: Int
        package let gaps: Int
        package let elements: Int
    }

    private static let stepLimit = 400_000

    package static func run(seed: UInt64, mutation: Mutation? = nil) -> Outcome {
        var random = SeededRandom(seed)
        let scenario = Scenario(&random)
        let chance = Chance(random)
        let clock = SimulatedClock()
        let server = SimulatedServer(scenario: scenario, clock: clock, chance: chance)
        let client = SimulatedClient(
            scenario: scenario,
            clock: clock,
            server: server,
            mutation: mutation,
            chance: { chance.unit() }
        )
        let script = Script(scenario: scenario, chance: chance, clock: clock, server: server, client: client)
        let fault = script.run(stepLimit: Self.stepLimit)
        // The world's parts refer to one another.
        defer { script.tearDown() }
        let entries = script.consumers.flatMap(\.log)
        return Outcome(
            seed: seed,
            fault: fault,
            duration: clock.now,
            steps: clock.steps,
            dials: client.dials.count,
            gaps: entries.reduce(0) { if case .gap = $1 { $0 + 1 } else { $0 } },
            elements: entries.count
        )
    }
}

/// Chance that everybody shares, in the order in which they ask.
final class Chance {
    private var random: SeededRandom

    init(_ random: SeededRandom) { self.random = random }

    func unit() -> Double { Double.random(in: 0..<1, using: &self.random) }
    func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self.random) }
    func time(_ range: Range<Duration>) -> Duration {
        range.lowerBound + (range.upperBound - range.lowerBound) * self.unit()
    }
    func pick<Element>(_ elements: [Element]) -> Element { elements[self.below(elements.count)] }
}
