// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetTransport

/// Takes what a `PatternServer` sends, with pauses by chance, and compares every byte.
package struct PatternConsumer: Sendable {
    /// What came of it.
    package struct Report: Sendable, Equatable {
        package var bytes = 0
        /// The first message that was not the next one, if there was one.
        package var mismatch: Int?
        /// The most that the server ever was ahead when it was held back.
        package var furthest = 0
        package var pauses = 0
    }

    /// More than the kernel keeps for one connection, on both sides, and much less than a gigabyte.
    package static let mostAhead = 40 << 20

    /// Takes everything. In each of about `pauses` pauses nothing is taken until the server is held back.
    package static func run(
        _ socket: WebSocket,
        _ server: PatternServer,
        total: Int,
        pauses: Int,
        seed: UInt64
    ) async throws(FreshetError) -> Report {
        var report = Report()
        var stream = PatternStream(seed: seed)
        var random = SeededRandom(seed &+ 1)
        let average = total / pauses
        var nextPause = Int.random(in: 0..<2 * average, using: &random)
        var count = 0
        for try await message in socket {
            if report.mismatch == nil, !message.withBytes({ stream.matches($0) }) { report.mismatch = count }
            count += 1
            report.bytes += message.count
            if report.bytes >= nextPause, report.bytes < total {
                guard let sent = await server.heldBack() else { break }
                report.furthest = max(report.furthest, sent - report.bytes)
                report.pauses += 1
                nextPause = report.bytes + Int.random(in: 0..<2 * average, using: &random)
            }
        }
        return report
    }
}
