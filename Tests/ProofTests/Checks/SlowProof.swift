// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport

/// A consumer that takes an element a second from a feed of tens of thousands a second: memory stays as it is, every element
/// is handed out or counted, and other feeds do not notice.
package struct SlowProof: Sendable {
    package static let all = ["suspending", "dropOldest", "latestPerKey", "failOnOverflow"]

    package var policies = Self.all
    package var seconds = 300
    package var eventsPerSecond = 50_000
    /// How many elements may wait.
    package var elements = 4096
    /// The consumer's time for an element.
    package var pace: Duration = .seconds(1)
    /// The longest that other feeds may be behind, but for one element in a hundred.
    package var patience: Duration = .milliseconds(500)

    package init() {}

    /// All policies at the same time, each with a server of its own.
    package func run(_ progress: @escaping @Sendable (String) -> Void) async throws -> [Verdict] {
        try await withThrowingTaskGroup(of: Verdict.self) { group in
            for policy in self.policies {
                group.addTask { try await SlowRun(proof: self, name: policy).run(progress) }
            }
            let memory = Task { await Self.watchMemory(progress) }
            var verdicts: [Verdict] = []
            for try await verdict in group { verdicts.append(verdict) }
            memory.cancel()
            // Afterwards they take what is left as fast as they can.
            let samples = await memory.value.first(self.seconds)
            var verdict = Verdict("slow.memory")
            samples.note(&verdict)
            verdict.demand(
                self.seconds < 30 || samples.growth < 8192 && samples.slope < 1024,
                "memory grew by \(samples.growth) KB"
            )
            verdicts.append(verdict)
            return verdicts
        }
    }

    private static func watchMemory(_ progress: @escaping @Sendable (String) -> Void) async -> MemorySamples {
        var samples = MemorySamples()
        repeat {
            samples.sample()
            if samples.values.count % 20 == 0 { progress("\(samples.values.count) s: \(samples.values.last ?? 0) KB") }
        } while (try? await Task.sleep(for: .seconds(1))) != nil
        return samples
    }
}
