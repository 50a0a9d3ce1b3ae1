// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

extension FaultInjector {
    /// What Firestore alone can do, and what its stream can: its messages have numbers, so what comes twice or not at all is found out.
    func firestore(_ id: String, _ server: FirestoreServer) -> FaultDeed? {
        switch id {
        case "srv.dup": return self.standIn(server) { $0.doublesArrays = true }
        case "srv.skip": return self.standIn(server) { $0.losesEvery = 7 }
        case "fs.token-expired": return self.forgetting(server, .reset)
        // Documents are removed all the time, so some are while nobody is connected: the count tells that, and nothing else.
        case "fs.filter-mismatch": return self.forgetting(server, .filter(hasNames: false))
        default: return nil
        }
    }

    private func standIn(
        _ server: FirestoreServer,
        _ change: @escaping @Sendable (inout FirestoreStandInFaults) -> Void
    ) -> FaultDeed {
        FaultDeed(hold: .seconds(2)) { () async throws(FreshetError) in
            change(&server.standIn.faults)
        } end: { () async throws(FreshetError) in
            server.standIn.faults.doublesArrays = false
            server.standIn.faults.losesEvery = nil
        }
    }

    /// Nobody is connected for a while; those who come back with a token are answered in this way.
    private func forgetting(
        _ server: FirestoreServer,
        _ resumption: FirestoreStandInFaults.Resumption
    ) -> FaultDeed {
        FaultDeed(hold: self.timing.backoff.cap) { () async throws(FreshetError) in
            server.standIn.faults.resumption = resumption
            try await server.restart(after: .milliseconds(1500))
        } end: { () async throws(FreshetError) in
            server.standIn.faults.resumption = .complete
        }
    }
}
