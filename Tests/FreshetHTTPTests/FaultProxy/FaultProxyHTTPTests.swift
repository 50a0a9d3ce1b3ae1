// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import Testing

/// Requests through a proxy that ends TLS.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyHTTPTests {
    @Test("https: is answered by an http: server, and each fault of TLS has its kind")
    func faults() async throws {
        let long = String(repeating: "x", count: 300_000)
        let server = try RawHTTPServer { request, _ in
            RawHTTPServer.answer(body: request.path == "/long" ? "\"\(long)\"" : "\(request.body.utf8.count)")
        }
        defer { server.stop() }
        let authority = try TestAuthority()
        let proxy = try FaultProxy(
            to: server.url,
            configuration: FaultProxyConfiguration(authority: authority)
        )
        defer { proxy.stop() }
        #expect(proxy.url.hasPrefix("https://"))
        var configuration = HTTPConfiguration()
        configuration.tls.authorities = .text(authority.certificate)
        let api = HTTPClient(baseURL: proxy.url, configuration: configuration, middlewares: [])
        #expect(try await api.post("sent", json: long, as: Int.self) == long.utf8.count + 2)
        #expect(try await api.get("long", as: String.self) == long)

        // A connection of its own for each, since one that is kept keeps its certificate.
        func error(_ change: (inout NetworkConditions) -> Void) async -> FreshetError? {
            change(&proxy.conditions)
            defer { proxy.conditions = NetworkConditions() }
            var configuration = configuration
            configuration.pool = HTTPPool()
            let api = HTTPClient(baseURL: proxy.url, configuration: configuration, middlewares: [])
            do throws(FreshetError) {
                _ = try await api.get("long", as: String.self)
                return nil
            } catch {
                return error
            }
        }
        #expect(await error { $0.tls.certificate = .expired }?.kind == .tls(.expired))
        #expect(await error { $0.tls.certificate = .wrongHost }?.kind == .tls(.wrongHost))
        #expect(await error { $0.tls.certificate = .unknownAuthority }?.kind == .tls(.unknownAuthority))
        #expect(await error { $0.tls.requiresClientCertificate = true }?.kind == .tls(.clientCertificateRequired))
        for cut in [FaultCut.alert, .truncate, .end] {
            let broken = await error {
                $0.cutAfter = 100_000...200_000
                $0.cut = cut
            }
            #expect(broken?.kind == (cut == .alert ? .tls(.other) : .interrupted), "\(cut)")
        }
        #expect(await error { _ in } == nil)
    }
}
