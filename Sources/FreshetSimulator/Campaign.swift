// SPDX-License-Identifier: Apache-2.0

/// Many seeds, on all cores, until one is wrong.
package struct Campaign: Sendable {
    private let first: UInt64
    private let seeds: UInt64
    private let mutation: Mutation?

    /// - Parameters:
    ///   - first: the first seed.
    ///   - seeds: how many.
    ///   - mutation: a deliberate bug that is to be found; nil: nothing must be found.
    package init(first: UInt64 = 1, seeds: UInt64, mutation: Mutation? = nil) {
        self.first = first
        self.seeds = seeds
        self.mutation = mutation
    }

    package struct Report: Sendable {
        package var mutation: Mutation?
        package var seeds: UInt64 = 0
        package var fault: Simulation.Outcome?
        package var virtual: Duration = .zero
        package var steps = 0
        package var dials = 0
        package var gaps = 0
        package var elements = 0
        package var took: Duration = .zero

        /// Whether nothing is wrong, or the deliberate bug was found.
        package var isExpected: Bool { (self.fault != nil) == (self.mutation != nil) }

        package var text: String {
            let seconds = Double(self.took.components.seconds) + Double(self.took.components.attoseconds) / 1e18
            let time = "\((seconds * 10).rounded() / 10) s"
            if let mutation {
                guard let fault else {
                    return "FAIL \(mutation.rawValue) was not found in \(self.seeds) seeds, \(time)"
                }
                return
                    "found \(mutation.rawValue) at seed \(fault.seed), after \(self.seeds) seeds, \(time): \(fault.fault ?? "")"
            }
            if let fault {
                return "FAIL \(fault.fault ?? "") · reproduce: freshet soak --sim --seeds 1 --seed \(fault.seed)"
            }
            let hours = self.virtual.components.seconds / 3600
            return
                "PASS \(self.seeds) seeds in \(time) · \(hours) simulated hours · \(self.dials) attempts to connect · "
                + "\(self.elements) elements · \(self.gaps) gaps, all told"
        }

        mutating func add(_ outcome: Simulation.Outcome) {
            self.seeds += 1
            self.virtual += outcome.duration
            self.steps += outcome.steps
            self.dials += outcome.dials
            self.gaps += outcome.gaps
            self.elements += outcome.elements
            guard outcome.fault != nil, outcome.seed < self.fault?.seed ?? .max else { return }
            self.fault = outcome
        }
    }

    /// - Parameter progress: told now and then how far it is.
    /// - Returns: what was found: of several faults the one with the smallest seed of its block.
    package func run(progress: @Sendable (String) -> Void = { _ in }) async -> Report {
        let clock = ContinuousClock()
        let began = clock.now
        var report = Report(mutation: self.mutation)
        let block: UInt64 = 16
        let mutation = self.mutation
        await withTaskGroup(of: [Simulation.Outcome].self) { group in
            var next = self.first
            let end = self.first + self.seeds
            func addBlock() {
                guard next < end else { return }
                let seeds = next..<min(next + block, end)
                next = seeds.upperBound
                group.addTask { seeds.map { Simulation.run(seed: $0, mutation: mutation) } }
            }
            for _ in 0..<4 { addBlock() }
            for await outcomes in group {
                for outcome in outcomes { report.add(outcome) }
                progress("\(report.seeds) of \(self.seeds) seeds")
                if report.fault == nil { addBlock() }
            }
        }
        report.took = clock.now - began
        return report
    }
}
