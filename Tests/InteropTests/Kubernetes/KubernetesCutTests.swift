// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetDocuments
import FreshetTestSupport
import Testing

/// Against the stand-in: sockets that are cut anywhere lose nothing, and bring nothing twice.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct KubernetesCutTests {
    @Test(
        "Through a proxy that cuts at random every change comes once, in order",
        arguments: [UInt64(1), 2],
        [false, true]
    )
    func cuts(seed: UInt64, streamed: Bool) async throws {
        let server = try await KubernetesStandIn()
        defer { server.stop() }
        try await server.tell(["refuseUpgrades": streamed ? 400 : 0])
        let outcome = try await KubernetesCuts(
            port: server.port,
            configuration: { server.configuration($0) },
            cuts: 20,
            seed: seed,
            namespace: "default"
        ).run()
        #expect(outcome.seen == outcome.written, "seed \(seed)")
        #expect(outcome.documents == outcome.remaining, "seed \(seed)")
        #expect(outcome.statistics?.cuts == 20)
        print("seed \(seed): \(outcome.writes) writes, \(String(describing: outcome.statistics))")
    }
}
