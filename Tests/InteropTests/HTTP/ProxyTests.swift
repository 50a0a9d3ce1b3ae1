// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// The client through tinyproxy.
@Suite(.timeLimit(.minutes(2)))
struct ProxyTests {
    struct Slow: Decodable, Sendable { var ms: Int }

    @Test("Plain HTTP in the absolute form, TLS by CONNECT, with the right credentials and with wrong ones")
    func proxies() async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        let (tinyproxy, authority) = try await Middle.tinyproxy(in: nginx.certificates.folder)
        defer {
            tinyproxy.stop()
            nginx.stop()
            backend.stop()
        }
        func client(_ url: String, _ credentials: String) throws -> HTTPClient {
            let proxy = try Proxy("http://\(credentials)\(authority)")
            return .fresh(url) {
                $0.proxy = .proxy(proxy)
                $0.tls.authorities = .file(nginx.authority)
            }
        }
        let tls = try nginx.url("TLS")
        for url in [url, tls] {
            let api = try client(url, "freshet:hunter2@")
            for _ in 1...2 { #expect(try await api.get("slow?ms=1", as: Slow.self).ms == 1) }
            // On a connection of its own: tinyproxy ends those of plain HTTP after an answer without saying so, and what became of a POST
            // that meets that is unknown.
            let echo = try await client(url, "freshet:hunter2@").post("echo", json: "x", as: [String: JSONValue].self)
            #expect(echo["method"] == .string("POST"))
            for credentials in ["", "freshet:wrong-secret@"] {
                let refused = try client(url, credentials)
                // Without a body: tinyproxy hangs up on one that it has not read, and its answer is lost.
                let error = await failure { _ = try await refused.reply(to: .post, "echo") }
                // Of wrong ones it says 401, which without TLS looks like the server's.
                let kinds: [FreshetError.Kind] =
                    credentials.isEmpty
                    ? [.proxyRefused(status: 407)] : url == tls ? [.proxyRefused(status: 401)] : [.unauthorized]
                #expect(error.map { kinds.contains($0.kind) } == true, "\(String(describing: error))")
                #expect(error?.description.contains("wrong-secret") == false)
                #expect(error?.hint?.contains("user:password") == (error?.kind != .unauthorized))
            }
        }
        // A port at which nobody listens, behind the proxy.
        let nowhere = try Middle.freePort()
        let api = try client("https://127.0.0.1:\(nowhere)", "freshet:hunter2@")
        let error = await failure { _ = try await api.post("x", json: 1, as: Slow.self) }
        guard case .proxyRefused(let status)? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(status >= 500)
        // No proxy there at all.
        let lost = HTTPClient.fresh(url) { $0.proxy = .proxy(Proxy(host: "127.0.0.1", port: nowhere)) }
        let unreachable = await failure { _ = try await lost.post("x", json: 1, as: Slow.self) }
        #expect(unreachable?.kind == .unreachable)
        #expect(unreachable?.message.contains("the proxy 127.0.0.1:\(nowhere)") == true)
    }
}
