// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetTestSupport
import Testing

/// The ends of TLS that a proxy makes, as OpenSSL's own client sees them on the wire.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyTLSTests {
    @Test(
        "tls.mid-stream-alert, tls.truncation: a fatal alert, no word at all, and the proper end of TLS are told apart",
        arguments: [FaultCut.alert, .truncate, .end],
        ["-tls1_2", "-tls1_3"]
    )
    func ends(_ cut: FaultCut, _ version: String) async throws {
        let certificates = try Certificates()
        let authority = try TestAuthority()
        let file = certificates.folder.appending(path: "authority.pem").path
        try authority.write(to: file)
        let server = try RawServer { $0.readToEnd() }
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(authority: authority))
        defer { proxy.stop() }
        let arguments = ["s_client", version, "-connect", "127.0.0.1:\(proxy.port)", "-verify_ip", "127.0.0.1"]
        let client = try Program(
            "/usr/bin/env",
            ["openssl"] + arguments + ["-CAfile", file, "-verify_return_error", "-msg", "-quiet"]
        )
        #expect(await proxy.entry { $0.event == .secured } != nil)
        proxy.cut(cut)
        let result = await client.result()
        let alerts = (result.output + result.errors).filter { $0.contains("<<<") && $0.contains("Alert") }
        switch cut {
        case .alert: #expect(alerts.contains { $0.contains("fatal") }, "\(result)")
        case .truncate: #expect(alerts.isEmpty, "\(result)")
        default: #expect(alerts.contains { $0.contains("close_notify") }, "\(result)")
        }
    }
}
