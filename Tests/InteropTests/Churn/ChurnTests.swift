// SPDX-License-Identifier: Apache-2.0

import FreshetTransport
import Testing

/// Connections that come and go at every stage. In a process of its own, so that sockets and leaks are theirs alone; with
/// AddressSanitizer its leak checker judges that process at its end.
@Suite(.timeLimit(.minutes(10)))
struct ChurnTests {
    @Test("2,000 connects and closes at stages by chance: each ends once, and no socket stays open")
    func churn() async throws {
        let certificates = try Certificates()
        let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
        let plain = try await FaultServer(Churn.behaviours)
        defer { plain.stop() }
        let secure = try await FaultServer(Churn.behaviours, identity: identity)
        defer { secure.stop() }
        await #expect(processExitsWith: .success) {
            [
                plain = plain.urls as [String: String], secure = secure.urls as [String: String],
                authority = identity.certificate as String
            ] in
            weak var loop: EventLoop?
            let report: ChurnReport
            do {
                let churn = Churn(plain: plain, secure: secure, authority: authority, seed: 20_261_125)
                loop = churn.loop
                await churn.warmUp()
                let before = Churn.openSockets
                report = await churn.run(count: 2000, at: 50)
                #expect(await churn.openSockets(hopingFor: before) == before)
                churn.loop.shutdown()
            }
            #expect(report.ends == 2000)
            #expect(report.late == 0)
            // Every stage was met, or this would show little.
            for outcome in Churn.outcomes { #expect(report.outcomes[outcome, default: 0] > 0, "\(report.outcomes)") }
            // The loop frees what it has, on its own thread: the leak checker must not come in between.
            for _ in 0..<10_000_000 where loop != nil { await Task.yield() }
            #expect(loop == nil)
        }
    }
}
