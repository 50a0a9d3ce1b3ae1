// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct TLSTests {
    private static let subscription = ["-q", "subscription { count(to: 2) }", "-o", "raw"]
    private static let answer = [#"{"data":{"count":1}}"#, #"{"data":{"count":2}}"#]

    private func watch(_ url: String, _ arguments: String...) async throws -> Program.Result {
        await (try Program.freshet(["watch", url] + Self.subscription + arguments)).result()
    }

    @Test("A private authority is trusted when it is named, and only then")
    func privateAuthority() async throws {
        let certificates = try Certificates()
        let (certificate, key) = try await certificates.selfSigned("good", for: "IP:127.0.0.1")
        let server = try await EmbeddedServer(certificate: certificate, key: key)
        let url = await server.url
        #expect(url.hasPrefix("wss:"))

        let trusted = try await self.watch(url, "--cacert", certificate)
        #expect(trusted.status == 0)
        #expect(trusted.output == Self.answer)

        let untrusted = try await self.watch(url)
        #expect(untrusted.status == 7)
        #expect(untrusted.errors.last?.contains("self-signed") == true)
        #expect(untrusted.errors.last?.contains("--cacert") == true)

        let insecure = try await self.watch(url, "--insecure")
        #expect(insecure.output == Self.answer)
        await server.shutdown()
    }

    @Test("A certificate for another host is refused")
    func wrongHost() async throws {
        let certificates = try Certificates()
        let (certificate, key) = try await certificates.selfSigned("other", for: "DNS:elsewhere.example")
        let server = try await EmbeddedServer(certificate: certificate, key: key)
        let result = try await self.watch(await server.url, "--cacert", certificate)
        #expect(result.status == 7)
        #expect(result.errors.last?.contains("is for another host") == true)
        await server.shutdown()
    }

    @Test("A plain port does not speak TLS, and the hint says so")
    func plainPort() async throws {
        let server = try await EmbeddedServer()
        let result = try await self.watch(await server.url.replacing("ws:", with: "wss:"))
        #expect(result.status == 7)
        #expect(result.errors.last?.contains("does not speak TLS") == true)
        await server.shutdown()
    }

    @Test("Authorities that cannot be read are told")
    func unreadableAuthorities() async throws {
        let result = try await self.watch("wss://127.0.0.1:1/", "--cacert", "/nonexistent.pem")
        #expect(result.status == 64)
        #expect(result.errors.last?.contains("/nonexistent.pem") == true)
    }
}
