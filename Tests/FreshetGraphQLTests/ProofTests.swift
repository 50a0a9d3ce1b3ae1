// SPDX-License-Identifier: Apache-2.0

import ProofChecks
import Testing

/// Short versions of what `make prove` tries for longer. They measure time, so they run apart from other tests.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ProofTests {
    @Test(
        "A subscription with a cursor survives cuts anywhere, while credentials are replaced too",
        arguments: [nil, Duration.milliseconds(300)]
    )
    func cuts(_ lifetime: Duration?) async throws {
        var proof = CutsProof()
        proof.cuts = 25
        proof.lifetime = lifetime
        // Both are to happen between two cuts at times.
        if lifetime != nil { proof.bytes = 150_000 }
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

    @Test("Every element that a slow consumer does not get is counted, and other feeds go on, under each policy")
    func slow() async throws {
        var proof = SlowProof()
        proof.seconds = 3
        proof.eventsPerSecond = 2000
        proof.elements = 64
        proof.pace = .milliseconds(100)
        // It may run under a sanitizer.
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
