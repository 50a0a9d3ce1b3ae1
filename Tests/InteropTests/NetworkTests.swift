// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetTestSupport
import Testing

/// TLS and proxies as people have them: the command line through tinyproxy to nginx.
@Suite(.timeLimit(.minutes(2)))
struct NetworkTests {
    private static let query = ["-q", "subscription { count(to: 2) }", "-o", "raw"]
    private static let answer = [#"{"data":{"count":1}}"#, #"{"data":{"count":2}}"#]

    private func watch(_ url: String, _ arguments: String...) async throws -> Program.Result {
        await (try Program.freshet(["watch", url] + Self.query + arguments)).result()
    }

    private func port(of url: String) throws -> Int {
        try #require(URLComponents(string: url)?.port)
    }

    @Test("Through an authenticating proxy to a server that demands a client certificate, in one command")
    func proxyAndClientCertificate() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let (certificate, key) = try await certificates.signed("server", for: "IP:127.0.0.1")
        let (client, clientKey) = try await certificates.signed("client", for: "DNS:client.invalid")
        let server = try await EmbeddedServer()
        let (nginx, url) = try await Middle.nginx(
            in: certificates.folder,
            certificate: certificate,
            key: key,
            upstream: try self.port(of: await server.url),
            directives: "ssl_verify_client on; ssl_client_certificate \(authority);"
        )
        let (tinyproxy, proxy) = try await Middle.tinyproxy(in: certificates.folder)
        let trust = ["--cacert", authority]
        let identity = ["--cert", client, "--key", clientKey]
        let with = "http://freshet:hunter2@\(proxy)"
        func run(_ arguments: [String]) async throws -> Program.Result {
            await (try Program.freshet(["watch", url] + Self.query + arguments)).result()
        }

        let good = try await run(trust + identity + ["--proxy", with])
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.output == Self.answer)

        let direct = try await run(trust + identity)
        #expect(direct.output == Self.answer)

        let noCredentials = try await run(trust + identity + ["--proxy", "http://\(proxy)"])
        #expect(noCredentials.status == 4)
        #expect(noCredentials.errors.last?.contains("wants credentials (HTTP 407)") == true, "\(noCredentials.errors)")

        let wrongCredentials = try await run(trust + identity + ["--proxy", "http://freshet:secret@\(proxy)"])
        #expect(wrongCredentials.status == 4)
        #expect(wrongCredentials.errors.joined().contains("secret") == false)

        let noProxy = try await run(trust + identity + ["--proxy", "http://127.0.0.1:\(try Middle.freePort())"])
        #expect(noProxy.status == 3)
        #expect(noProxy.errors.last?.contains("no connection to the proxy") == true, "\(noProxy.errors)")

        let noCertificate = try await run(trust + ["--proxy", with])
        #expect(noCertificate.status == 7)
        #expect(noCertificate.errors.last?.contains("wants a client certificate") == true, "\(noCertificate.errors)")

        // Plain, through the same proxy.
        let plain = await (try Program.freshet(["watch", await server.url] + Self.query + ["--proxy", with])).result()
        #expect(plain.output == Self.answer, "\(plain.errors)")

        nginx.stop()
        tinyproxy.stop()
        await server.shutdown()
    }

    @Test("What is wrong with a certificate is told apart")
    func certificates() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let server = try await EmbeddedServer()
        let upstream = try self.port(of: await server.url)
        func reason(_ label: String, _ name: String, times: [String] = ["-days", "2"], trust: Bool = true) async throws
            -> String
        {
            let (certificate, key) = try await certificates.signed(label, for: name, times: times)
            let (nginx, url) = try await Middle.nginx(
                in: certificates.folder,
                certificate: certificate,
                key: key,
                upstream: upstream
            )
            defer { nginx.stop() }
            let result = await
                (try Program.freshet(["watch", url] + Self.query + (trust ? ["--cacert", authority] : [])))
                .result()
            #expect(result.status == 7)
            return result.errors.last ?? ""
        }
        #expect(try await reason("expired", "IP:127.0.0.1", times: ["-days", "-1"]).contains("has expired"))
        #expect(try await reason("other", "DNS:elsewhere.example").contains("is for another host"))
        #expect(try await reason("unknown", "IP:127.0.0.1", trust: false).contains("from an unknown authority"))
        await server.shutdown()
    }

    @Test("A pinned key is enough beside the authority, another one is refused; a minimum version is kept")
    func pinsAndVersions() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let (certificate, key) = try await certificates.signed("server", for: "IP:127.0.0.1")
        let (other, _) = try await certificates.signed("other", for: "IP:127.0.0.1")
        let server = try await EmbeddedServer()
        let (nginx, url) = try await Middle.nginx(
            in: certificates.folder,
            certificate: certificate,
            key: key,
            upstream: try self.port(of: await server.url),
            directives: "ssl_protocols TLSv1.2;"
        )
        let pin = try await certificates.pin(of: certificate)
        let otherPin = try await certificates.pin(of: other)
        #expect(try await self.watch(url, "--cacert", authority, "--pin", pin).output == Self.answer)
        #expect(try await self.watch(url, "--insecure", "--pin", "sha256//\(pin)").output == Self.answer)
        for trust in [["--cacert", authority], ["--insecure"]] {
            let refused = await (try Program.freshet(["watch", url] + Self.query + trust + ["--pin", otherPin]))
                .result()
            #expect(refused.status == 7)
            #expect(refused.errors.last?.contains("not pinned") == true, "\(refused.errors)")
        }
        let tooOld = try await self.watch(url, "--cacert", authority, "--tls-min", "1.3")
        #expect(tooOld.status == 7)
        #expect(tooOld.errors.last?.contains("no version of TLS in common") == true, "\(tooOld.errors)")
        nginx.stop()
        await server.shutdown()
    }
}
