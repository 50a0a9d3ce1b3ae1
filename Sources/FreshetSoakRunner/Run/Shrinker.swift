// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak

/// Looks for fewer faults with which a run fails in the same way: by runs, for nothing else would be a proof.
package struct Shrinker: Sendable {
    private let plan: SoakPlan
    private let breached: Set<String>
    private let isStopped: @Sendable () -> Bool
    /// So many runs at most.
    private static let most = 12

    /// - Parameters:
    ///   - plan: of the run that failed.
    ///   - breached: the names of the invariants that did not hold.
    ///   - isStopped: whether no more runs are to be begun.
    package init(plan: SoakPlan, breached: Set<String>, isStopped: @escaping @Sendable () -> Bool = { false }) {
        self.plan = plan
        self.breached = breached
        self.isStopped = isStopped
    }

    /// - Parameters:
    ///   - faults: in their order.
    ///   - onProgress: hears how many were tried, and how few faults fail so far.
    /// - Returns: the shortest list that failed.
    package func shrink(
        _ faults: [FaultChoice.One],
        onProgress: (_ tried: Int, _ left: Int) -> Void
    ) async -> [FaultChoice.One] {
        await Self.shrink(faults, most: Self.most, onProgress: onProgress, isStopped: self.isStopped) {
            await self.fails($0)
        }
    }

    /// First the last ones, in doubling numbers: most often it was the last. Then one after another is left out.
    package static func shrink(
        _ faults: [FaultChoice.One],
        most: Int,
        onProgress: (_ tried: Int, _ left: Int) -> Void = { _, _ in },
        isStopped: () -> Bool = { false },
        fails: ([FaultChoice.One]) async -> Bool
    ) async -> [FaultChoice.One] {
        var least = faults
        var tried = 0
        var length = 1
        while length < least.count, tried < most, !isStopped() {
            tried += 1
            let candidate = Array(faults.suffix(length))
            if await fails(candidate) {
                least = candidate
                break
            }
            onProgress(tried, least.count)
            length *= 2
        }
        var index = 0
        while index < least.count, least.count > 1, tried < most, !isStopped() {
            tried += 1
            var candidate = least
            candidate.remove(at: index)
            if await fails(candidate) { least = candidate } else { index += 1 }
            onProgress(tried, least.count)
        }
        return least
    }

    private func fails(_ faults: [FaultChoice.One]) async -> Bool {
        var plan = self.plan
        plan.faults = FaultChoice(faults)
        plan.inOrder = true
        plan.directory = nil
        plan.requirements = []
        guard let run = try? SoakRun(plan), let outcome = try? await run.run() else { return false }
        return outcome.report.invariants.contains { $0.breaches > 0 && self.breached.contains($0.name) }
    }
}
