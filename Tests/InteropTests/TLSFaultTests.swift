// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

/// Every way in which TLS fails is an error of its own kind, by the public WebSocket.
@Suite(.timeLimit(.minutes(2)))
struct TLSFaultTests {
    private static func configuration(
        trusting authority: String? = nil,
        deadline: Duration = .seconds(20)
    ) -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.tls.authorities = authority.map { .file($0) }
        configuration.deadline = deadline
        return configuration
    }

    /// Connects and takes everything: the messages, and the error at the end, nil for an orderly one.
    private static func receive(
        from url: String,
        _ configuration: WebSocketConfiguration
    ) async -> (messages: [String], error: FreshetError?) {
        var messages: [String] = []
        do throws(FreshetError) {
            let socket = try await WebSocket.connect(to: url, configuration: configuration)
            for try await message in socket { messages.append(message.text) }
            return (messages, nil)
        } catch {
            return (messages, error)
        }
    }

    // MARK: - The server's certificate

    @Test("tls.expired, tls.wrong-host, tls.unknown-ca: what is wrong with a certificate is told apart")
    func certificates() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        func error(
            _ identity: (certificate: String, key: String),
            trusting authority: String?
        ) async throws -> FreshetError? {
            let server = try await FaultServer(["open-orderly"], identity: identity)
            defer { server.stop() }
            let (messages, error) = await Self.receive(
                from: try server.url("open-orderly"),
                Self.configuration(trusting: authority)
            )
            #expect(messages == (error == nil ? ["hello"] : []))
            return error
        }
        let good = try await certificates.signed("good", for: "IP:127.0.0.1")
        #expect(try await error(good, trusting: authority) == nil)
        let unknown = try await error(good, trusting: nil)
        #expect(unknown?.kind == .tls(.unknownAuthority))
        #expect(unknown?.hint != nil)
        let expired = try await certificates.signed("expired", for: "IP:127.0.0.1", times: ["-days", "-1"])
        let late = try await error(expired, trusting: authority)
        #expect(late?.kind == .tls(.expired))
        #expect(late?.hint?.contains("clock") == true)
        let elsewhere = try await certificates.signed("elsewhere", for: "DNS:elsewhere.example")
        #expect(try await error(elsewhere, trusting: authority)?.kind == .tls(.wrongHost))
        let address = try await certificates.signed("address", for: "IP:127.0.0.2")
        #expect(try await error(address, trusting: authority)?.kind == .tls(.wrongHost))
        let alone = try await certificates.selfSigned("alone", for: "IP:127.0.0.1")
        #expect(try await error(alone, trusting: authority)?.kind == .tls(.selfSigned))
    }

    // MARK: - Ours

    @Test(
        "tls.client-cert-required: none, one that is not accepted, and a good one, by each version",
        arguments: ["1.2", "1.3"]
    )
    func clientCertificate(_ version: String) async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let identity = try await certificates.signed("server", for: "IP:127.0.0.1")
        let client = try await certificates.signed("client", for: "DNS:client.invalid")
        let stranger = try await certificates.selfSigned("stranger", for: "DNS:stranger.invalid")
        let server = try await FaultServer(
            ["open-orderly"],
            identity: identity,
            ["--client-authority", authority, "--tls", version]
        )
        defer { server.stop() }
        let url = try server.url("open-orderly")
        var configuration = Self.configuration(trusting: authority)
        let without = await Self.receive(from: url, configuration)
        #expect(without.messages.isEmpty)
        #expect(without.error?.kind == .tls(.clientCertificateRequired))
        #expect(without.error?.hint?.contains("--cert") == true)
        configuration.tls.identity = .init(certificate: .file(stranger.certificate), key: .file(stranger.key))
        #expect(await Self.receive(from: url, configuration).error?.kind == .tls(.clientCertificateRefused))
        configuration.tls.identity = .init(certificate: .file(client.certificate), key: .file(client.key))
        let with = await Self.receive(from: url, configuration)
        #expect(with.messages == ["hello"])
        #expect(with.error == nil)
    }

    @Test("No version of TLS in common is an error of its own")
    func version() async throws {
        let certificates = try Certificates()
        let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
        let server = try await FaultServer(["open-orderly"], identity: identity, ["--tls", "1.2"])
        defer { server.stop() }
        var configuration = Self.configuration(trusting: identity.certificate)
        configuration.tls.minimumVersion = .tls13
        let error = await Self.receive(from: try server.url("open-orderly"), configuration).error
        #expect(error?.kind == .tls(.version))
    }

    // MARK: - The handshake

    @Test("tls.handshake-stall: a server that takes our hello and says nothing is given up at the deadline for TLS")
    func stall() async throws {
        let certificates = try Certificates()
        let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
        let server = try await FaultServer(["accept-hang"], identity: identity)
        defer { server.stop() }
        let took = try await ContinuousClock().measure {
            let error = await Self.receive(
                from: try server.url("accept-hang"),
                Self.configuration(trusting: identity.certificate, deadline: .seconds(2))
            ).error
            #expect(error?.kind == .timeout(.tls))
        }
        #expect(took >= .seconds(2))
        #expect(took < .seconds(20))
    }

    @Test("Not TLS at all: another protocol's greeting, and a plain WebSocket server")
    func notTLS() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let server = try await FaultServer(["accept-nonsense", "open-read"])
        defer { server.stop() }
        func error(_ behaviour: String, deadline: Duration) async throws -> FreshetError? {
            let url = try server.url(behaviour).replacing("ws:", with: "wss:")
            return await Self.receive(from: url, Self.configuration(trusting: authority, deadline: deadline)).error
        }
        let nonsense = try await error("accept-nonsense", deadline: .seconds(20))
        #expect(nonsense?.kind == .tls(.notTLS), "\(String(describing: nonsense))")
        #expect(nonsense?.hint?.contains("try ws:") == true)
        // It waits for the end of a request that our hello does not hold.
        #expect(try await error("open-read", deadline: .seconds(2))?.kind == .timeout(.tls))
    }

    @Test(
        "A server that ends the connection in the handshake",
        arguments: ["accept-close", "accept-reset", "hello-close", "hello-reset"]
    )
    func cutInHandshake(_ behaviour: String) async throws {
        let certificates = try Certificates()
        let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
        let server = try await FaultServer([behaviour], identity: identity)
        defer { server.stop() }
        let configuration = Self.configuration(trusting: identity.certificate)
        let error = await Self.receive(from: try server.url(behaviour), configuration).error
        // An RST may come so early that there has been no connection.
        let early = behaviour == "accept-reset" && error?.kind == .unreachable
        #expect(early || error?.kind == .tls(.other), "\(String(describing: error))")
    }

    // MARK: - In mid stream

    @Test(
        "tls.mid-stream-alert, tls.truncation: an end without a close frame is 1006, never an orderly one",
        arguments: ["open-alert", "open-truncated", "open-notified", "open-reset", "open-half"],
        ["1.2", "1.3"]
    )
    func midStream(_ behaviour: String, _ version: String) async throws {
        let certificates = try Certificates()
        let identity = try await certificates.selfSigned("server", for: "IP:127.0.0.1")
        let server = try await FaultServer([behaviour], identity: identity, ["--tls", version])
        defer { server.stop() }
        let configuration = Self.configuration(trusting: identity.certificate)
        let (messages, error) = await Self.receive(from: try server.url(behaviour), configuration)
        // An RST may overtake what was sent before it.
        #expect(messages == ["hello"] || behaviour == "open-reset" && messages.isEmpty)
        #expect(error?.kind == .closed(code: 1006), "\(String(describing: error))")
    }
}
