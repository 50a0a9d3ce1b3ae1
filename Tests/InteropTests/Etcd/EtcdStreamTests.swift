// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetDocuments
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import Testing

/// Users, certificates, and networks that let no WebSocket through.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EtcdStreamTests {
    @Test("With authentication on a watch is a request over HTTP; tokens that the server has forgotten are got anew")
    func authentication() async throws {
        guard let server = try await EtcdServer.start() else { return }
        try await server.enableAuthentication()
        let client = server.client { $0.user = EtcdUser(name: "ada", password: "secret") }
        let texts = client.texts(under: "a/")
        _ = try await texts.put("a/1", "x")
        let log = EtcdLog(texts.watch())
        #expect(await log.first(1) == [.snapshot(["a/1": "x"])])
        let second = try await texts.put("a/2", "y")
        #expect(await log.first(2).last == .update(second, ["a/2=y"]))
        // It keeps tokens in memory only.
        try await server.restart()
        let third = try await texts.put("a/3", "z")
        #expect(await log.first(3).last == .update(third, ["a/3=z"]))
        #expect(log.all.count == 3)

        let forbidden = client.texts(under: "b/")
        #expect(await failure { _ = try await forbidden.put("b/1", "x") }?.kind == .forbidden)
        #expect(await failure { for try await _ in forbidden.watch() {} }?.kind == .forbidden)
        let fromPosition = forbidden.watch(from: .after(Position(number: 1)))
        #expect(await failure { for try await _ in fromPosition {} }?.kind == .forbidden)
        log.stop()
        await client.close()

        let wrong = server.client { $0.user = EtcdUser(name: "ada", password: "wrong") }.texts(under: "a/")
        let refusal = await failure { _ = try await wrong.list() }
        #expect(refusal?.kind == .unauthorized)
        #expect(refusal?.description.contains("wrong") == false)
        #expect(await failure { for try await _ in wrong.watch() {} }?.kind == .unauthorized)
        let nobody = server.client().texts(under: "a/")
        let anonymous = await failure { for try await _ in nobody.watch() {} }
        #expect(anonymous?.kind == .unauthorized)
        #expect(anonymous?.hint?.contains("user") == true)
    }

    @Test("A user where authentication is off does no harm")
    func needlessUser() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client { $0.user = EtcdUser(name: "ada", password: "secret") }
        let texts = client.texts(under: "a/")
        let log = EtcdLog(texts.watch())
        _ = await log.first(1)
        let version = try await texts.put("a/1", "x")
        #expect(await log.first(2).last == .update(version, ["a/1=x"]))
        await client.close()
    }

    @Test("A client certificate opens HTTP and the WebSocket; without one neither opens")
    func certificates() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let identity = try await certificates.signed("server", for: "IP:127.0.0.1")
        let ours = try await certificates.signed("client", for: "DNS:client.invalid")
        let arguments = [
            "--cert-file", identity.certificate, "--key-file", identity.key, "--trusted-ca-file", authority,
            "--client-cert-auth",
        ]
        guard let server = try await EtcdServer.start(arguments, isSecure: true) else { return }
        let client = server.client {
            $0.webSocket.tls.authorities = .file(authority)
            $0.webSocket.tls.identity = .init(certificate: .file(ours.certificate), key: .file(ours.key))
        }
        let texts = client.texts(under: "a/")
        let log = EtcdLog(texts.watch())
        #expect(await log.first(1) == [.snapshot([:])])
        let version = try await texts.put("a/1", "x")
        #expect(await log.first(2).last == .update(version, ["a/1=x"]))
        await client.close()
        let bare = server.client { $0.webSocket.tls.authorities = .file(authority) }.texts(under: "a/")
        let refusal = await failure { _ = try await bare.list() }
        // The alert of etcd's TLS says that it is a bad one.
        #expect([.tls(.clientCertificateRequired), .tls(.clientCertificateRefused)].contains(refusal?.kind))
    }

    @Test("No WebSocket: streams over HTTP; no streams: polled, and said so; all allowed: the WebSocket again; one log")
    func middle() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let nginx = try await EtcdMiddle(before: server.port)
        defer { nginx.stop() }
        var writer = EtcdWriter(server.client(), prefix: "n/", seed: 7)
        let client = server.client(at: nginx.url)
        let log = EtcdLog(client.texts(under: "n/").watch())
        _ = await log.first(1)
        func write(_ count: Int) async throws {
            for _ in 0..<count { try await writer.write() }
            let last = writer.revision
            await log.until { _ in log.revision >= last }
            #expect(log.error == nil)
        }
        try await write(20)

        // The upgrade is refused: streams, without a gap.
        try await nginx.restart(refusing: ["no-websocket"])
        try await write(20)
        #expect(log.all.allSatisfy { if case .gap = $0 { false } else { true } })

        // Neither is to be had: polled, after a gap that says so.
        try await nginx.restart(refusing: ["no-websocket", "no-streams"])
        await log.until { $0.contains(.gap(.polling)) }
        try await write(20)

        // Streams again, and then the WebSocket as soon as it is tried.
        try await nginx.restart(refusing: ["no-websocket"])
        try await write(20)
        let states = client.connectionStates
        try nginx.allow("no-websocket")
        var hasEnded = false
        for await state in states {
            if case .waiting(_, _, let error) = state { hasEnded = hasEnded || error.kind == .closed(code: 1012) }
            if hasEnded, state == .live { break }
        }
        try await write(20)
        #expect(writer.check(log.elements) == 1)
        #expect(log.state == writer.state)
        log.stop()
        await client.close()
        // The attempt that found it, and the one that was used.
        try await nginx.logged("/v3/watch 101", 2)
    }

    @Test(
        "A request that is no JSON kills the stream of requests alone: only pings without answers tell, and the keep-alive hears that"
    )
    func halfDead() async throws {
        guard let server = try await EtcdServer.start() else { return }
        var configuration = WebSocketConfiguration()
        configuration.proxy = .none
        configuration.pingInterval = .milliseconds(200)
        configuration.pongDeadline = .milliseconds(500)
        let socket = try await WebSocket.connect(
            to: "ws://127.0.0.1:\(server.port)/v3/watch",
            configuration: configuration
        )
        try await socket.send(text: #"{"create_request":{"key":"YQ==","watch_id":"2"}}"#)
        var messages = socket.makeAsyncIterator()
        #expect(try await messages.next()?.text.contains(#""created":true"#) == true)
        try await socket.send(text: "nonsense")
        _ = try await server.client().texts(under: "").put("a", "x")
        #expect(try await messages.next()?.text.contains("events") == true)
        let end = await failure { while try await messages.next() != nil {} }
        #expect(end?.kind == .timeout(.keepAlive))
    }
}
