// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport
import FreshetTransport
import Testing

/// Back-pressure through TLS, which nginx adds in front of the same server as in `BackPressureTests`.
@Suite(.timeLimit(.minutes(5)))
struct TLSBackPressureTests {
    @Test("A gigabyte over TLS, taken with pauses by chance: every byte in order, and a server that is held back")
    func gigabyte() async throws {
        let (total, seed) = (1 << 30, 2 as UInt64)
        let certificates = try Certificates()
        let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
        let server = try PatternServer(total: total, seed: seed)
        defer { server.stop() }
        let (nginx, url) = try await Middle.nginx(
            in: certificates.folder,
            certificate: identity.certificate,
            key: identity.key,
            upstream: server.port,
            directives: "proxy_buffer_size 64k; proxy_buffers 8 64k;"
        )
        defer { nginx.stop() }
        var configuration = WebSocketConfiguration(compression: .off)
        configuration.tls.authorities = .file(identity.certificate)
        let socket = try await WebSocket.connect(to: url, configuration: configuration)
        let report = try await PatternConsumer.run(socket, server, total: total, pauses: 40, seed: seed)
        #expect(report.mismatch == nil, "seed \(seed)")
        #expect(report.bytes >= total)
        #expect(report.pauses >= 20)
        // There are the kernel's buffers of two connections.
        #expect(report.furthest < 2 * PatternConsumer.mostAhead)
    }
}
