// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// A watch through a proxy that cuts its connections anywhere, by RST and by FIN, compared with the writer's own log.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct EtcdCutTests {
    private static let cuts = 32

    /// Writes until the proxy has made all its cuts, and the watch has handed out all there is.
    ///
    /// - Returns: how many gaps there were.
    private func run(_ server: EtcdServer, seed: UInt64, compacts: Bool) async throws -> Int {
        let proxy = try CuttingProxy(to: server.port, cuts: Self.cuts, bytes: 12_000, seed: seed)
        defer { proxy.stop() }
        let client = server.client(at: "http://127.0.0.1:\(proxy.port)")
        let prefix = "cut\(compacts ? "c" : "")\(seed)/"
        var writer = EtcdWriter(server.client(), prefix: prefix, seed: seed)
        for _ in 0..<10 { try await writer.write() }
        let log = EtcdLog(client.texts(under: prefix).watch())
        _ = await log.first(1)
        var writes = 0
        while proxy.statistics.cuts < Self.cuts, writes < 5000, log.error == nil {
            try await writer.write()
            writes += 1
            if compacts, writes % 25 == 0 {
                try await server.compact(at: "\(writer.revision - Int64.random(in: 0..<5, using: &writer.random))")
            }
        }
        // Behind the last cut.
        for _ in 0..<5 { try await writer.write() }
        let last = writer.log.last?.revision ?? 0
        await log.until { _ in log.revision >= last }
        #expect(log.error == nil, "seed \(seed)")
        let gaps = writer.check(log.elements, "seed \(seed)")
        #expect(log.state == writer.state, "seed \(seed)")
        #expect(proxy.statistics.cuts == Self.cuts, "seed \(seed): \(proxy.statistics)")
        log.stop()
        await client.close()
        return gaps
    }

    @Test("Through 320 cuts every revision comes once, whole and in order, and there is no gap")
    func cuts() async throws {
        guard let server = try await EtcdServer.start() else { return }
        try await withThrowingTaskGroup { group in
            for seed in 1...10 as ClosedRange<UInt64> {
                group.addTask {
                    let gaps = try await self.run(server, seed: seed, compacts: false)
                    #expect(gaps == 0, "seed \(seed)")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(
        "With compaction among the cuts whatever is left out stands behind a gap, and the state is the right one in the end"
    )
    func compaction() async throws {
        guard let server = try await EtcdServer.start() else { return }
        var gaps = 0
        for seed in 1...4 as ClosedRange<UInt64> { gaps += try await self.run(server, seed: seed, compacts: true) }
        #expect(gaps > 0, "nothing was compacted that was needed: the test has shown nothing")
    }
}
