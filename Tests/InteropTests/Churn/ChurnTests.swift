// SPDX-License-Identifier: Apache-2.0

import FreshetTransport
import Testing

/// Connections that come and go at every stage. In a process of its own, so that sockets and leaks are theirs alone; with
/// AddressSanitizer its leak checker judges that process at its end.
@Suite(.timeLimit(.minutes(10)))
struct ChurnTests {
    @Test("2,000 connects and closes at stages by chance: each ends once, and no socket stays open")
    func churn() async {
        await #expect(processExitsWith: .success) {
            let certificates = try Certificates()
            let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
            let plain = try await FaultServer(Churn.behaviours)
            let secure = try await FaultServer(Churn.behaviours, identity: identity)
            let churn = Churn(plain: plain, secure: secure, authority: identity.certificate, seed: 20_261_125)
            await churn.warmUp()
            let before = Churn.openSockets
            let report = await churn.run(count: 2000, at: 50)
            #expect(await churn.openSockets(hopingFor: before) == before)
            #expect(report.ends == 2000)
            #expect(report.late == 0)
            // Every stage was met, or this would show little.
            for outcome in Churn.outcomes { #expect(report.outcomes[outcome, default: 0] > 0, "\(report.outcomes)") }
            churn.loop.shutdown()
            plain.stop()
            secure.stop()
        }
    }
}
