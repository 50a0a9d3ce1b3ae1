// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport
import FreshetTransport
import Testing

/// A consumer that does not take what comes holds the server back, by TCP, and loses nothing. (The same over TLS:
/// `TLSBackPressureTests`.)
@Suite(.timeLimit(.minutes(5)))
struct BackPressureTests {
    @Test("A gigabyte, taken with pauses by chance: every byte in order, and a server that is held back")
    func gigabyte() async throws {
        let (total, seed) = (1 << 30, 1 as UInt64)
        let server = try PatternServer(total: total, seed: seed)
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: FaultyPeer.configuration())
        let report = try await PatternConsumer.run(socket, server, total: total, pauses: 40, seed: seed)
        #expect(report.mismatch == nil, "seed \(seed)")
        #expect(report.bytes >= total)
        #expect(report.pauses >= 20)
        #expect(report.furthest < PatternConsumer.mostAhead)
    }
}
