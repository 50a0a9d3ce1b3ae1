// SPDX-License-Identifier: Apache-2.0

import FreshetSimulator
import Testing

/// The engine on a virtual network, clock and server, judged by the oracle. `make simulate` runs many more seeds.
@Suite(.timeLimit(.minutes(5)))
struct SimulationTests {
    @Test("Whatever goes wrong, nothing is lost silently, doubled, reordered or left behind")
    func seeds() async {
        let report = await Campaign(seeds: 100).run()
        #expect(report.fault == nil, "\(report.text)")
    }

    @Test("A seed is the same run each time")
    func deterministic() {
        let first = Simulation.run(seed: 7)
        let second = Simulation.run(seed: 7)
        #expect(first.steps == second.steps)
        #expect(first.elements == second.elements)
        #expect(first.dials == second.dials)
    }

    @Test("A deliberate bug is found", arguments: Mutation.allCases)
    func mutation(_ mutation: Mutation) async {
        let report = await Campaign(seeds: 1_000, mutation: mutation).run()
        #expect(report.fault != nil, "\(report.text)")
    }
}
