// SPDX-License-Identifier: Apache-2.0

import ProofChecks
import Testing

/// Short versions of what `make prove` tries for longer.
@Suite(.timeLimit(.minutes(2)))
struct ProofTests {
    @Test("A subscription with a cursor survives cuts anywhere: nothing is lost, nothing comes twice", arguments: [1, 2])
    func cuts(_ seed: UInt64) async throws {
        var proof = CutsProof()
        proof.cuts = 25
        proof.seed = seed
        let verdict = try await proof.run { _ in }
        #expect(verdict.holds, "\(verdict.line)")
    }

    @Test("All subscriptions are live again after each restart of the server, on one socket")
    func restarts() async throws {
        var proof = RestartsProof()
        proof.subscriptions = 150
        proof.restarts = 3
        let verdict = try await proof.run { _ in }
        #expect(verdict.holds, "\(verdict.line)")
    }

    @Test("Every element that a slow consumer does not get is counted, and other feeds go on", arguments: SlowProof.all)
    func slow(_ policy: String) async throws {
        var proof = SlowProof()
        proof.policies = [policy]
        proof.seconds = 3
        proof.eventsPerSecond = 2000
        proof.elements = 64
        proof.pace = .milliseconds(100)
        // Other tests run beside this one: what is late must be late because of us.
        proof.patience = .seconds(5)
        for verdict in try await proof.run({ _ in }) { #expect(verdict.holds, "\(verdict.line)") }
    }

    @Test("Tokens that expire are replaced once each, in time, and the feed does not notice")
    func tokens() async throws {
        var proof = TokensProof()
        proof.duration = .seconds(5)
        proof.eventsPerSecond = 1000
        let verdict = try await proof.run { _ in }
        #expect(verdict.holds, "\(verdict.line)")
    }
}
