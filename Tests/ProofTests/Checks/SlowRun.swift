// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport

/// One policy's part of the `SlowProof`.
struct SlowRun: Sendable {
    let proof: SlowProof
    let name: String

    private var overflow: DeliveryPolicy.Overflow {
        switch self.name {
        case "dropOldest": .dropOldest
        case "latestPerKey": .latestPerKey("events.key")
        case "failOnOverflow": .failOnOverflow
        default: .suspending
        }
    }

    func run(_ progress: @escaping @Sendable (String) -> Void) async throws -> Verdict {
        let server = try await EmbeddedServer(eventsPerSecond: self.proof.eventsPerSecond)
        let (client, other) = (GraphQLClient(url: await server.url), GraphQLClient(url: await server.url))
        let siblings = Task { await self.sibling(other, server) }
        // Suspending stops reading: that is what it is for.
        let neighbours = self.name == "suspending" ? nil : Task { await self.sibling(client, server) }
        let began = ContinuousClock.now
        let (tally, error) = await self.consume(client, server)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        progress("\(self.name): the consumer has ended")
        siblings.cancel()
        neighbours?.cancel()

        var verdict = Verdict("slow.\(self.name)")
        verdict.note("handed", tally.handed)
        verdict.note("dropped", tally.dropped)
        verdict.note("gaps", tally.gaps)
        verdict.note("seen", tally.last)
        verdict.note("perSecond", Int(Double(tally.last) / seconds))
        for failure in tally.failures { verdict.demand(false, failure) }
        if self.name == "failOnOverflow" {
            verdict.demand(error?.kind == .overflow, "the feed ended with \(error.map { "\($0)" } ?? "nothing")")
        } else {
            verdict.demand(error == nil, "the feed ended with \(error.map { "\($0)" } ?? "")")
            let wantsGaps = self.name != "suspending"
            verdict.demand((tally.gaps > 0) == wantsGaps, "\(tally.gaps) gaps under \(self.name)")
        }
        await self.judge(siblings.value, "other", &verdict)
        if let neighbours { await self.judge(neighbours.value, "same", &verdict) }
        await client.close()
        await other.close()
        await server.shutdown()
        return verdict
    }

    /// An element at a time until the time is over, then all that is left.
    private func consume(_ client: GraphQLClient, _ server: EmbeddedServer) async -> (SlowTally, FreshetError?) {
        let last = self.proof.eventsPerSecond * self.proof.seconds
        let end = server.log.appeared(last)
        let suspends = self.name == "suspending"
        let query = "subscription { events(after: 0\(suspends ? "" : ", to: \(last)")) { n key } }"
        let policy = DeliveryPolicy(self.overflow, elements: self.proof.elements)
        var tally = SlowTally(isInRow: self.name != "latestPerKey")
        var goal: Int?
        do throws(FreshetError) {
            for try await event in client.subscribe(LogElement.self, query, delivery: policy) {
                tally.take(event)
                // The consumer's own work.
                if ContinuousClock.now < end { try? await Task.sleep(for: self.proof.pace) }
                guard suspends, ContinuousClock.now >= end else { continue }
                // What the server has kept for it would take as long again.
                let enough = goal ?? tally.last + 20 * self.proof.elements
                goal = enough
                if tally.last >= enough { break }
            }
            tally.settle()
        } catch {
            tally.settle()
            return (tally, error)
        }
        return (tally, nil)
    }

    /// How far a feed of 20 elements a second is behind, once everything runs: after its first second.
    private func sibling(_ client: GraphQLClient, _ server: EmbeddedServer) async -> (Percentiles, FreshetError?) {
        var delays = Percentiles()
        var count = 0
        let query = "subscription { events(every: \(max(self.proof.eventsPerSecond / 20, 1))) { n } }"
        do throws(FreshetError) {
            for try await element in client.subscribe(LogElement.self, query).values {
                count += 1
                if count > 20 { delays.add(server.log.appeared(element.n).duration(to: .now)) }
            }
        } catch {
            return (delays, error)
        }
        return (delays, nil)
    }

    private func judge(_ sibling: (Percentiles, FreshetError?), _ which: String, _ verdict: inout Verdict) {
        let (delays, error) = sibling
        verdict.note("\(which)N", delays.count)
        verdict.note("\(which)P50ms", delays.at(0.5))
        verdict.note("\(which)P99ms", delays.at(0.99))
        verdict.note("\(which)MaxMs", delays.at(1))
        verdict.demand(error == nil, "the feed on the \(which) connection ended with \(error.map { "\($0)" } ?? "")")
        verdict.demand(delays.count > 0, "nothing came on the \(which) connection")
        let limit = Int(self.proof.patience / .milliseconds(1))
        verdict.demand(delays.at(0.99) <= limit, "a feed on the \(which) connection is behind")
    }
}
