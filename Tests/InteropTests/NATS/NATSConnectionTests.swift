// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTransport
import Testing

/// Connections to a real NATS server: who may, over what, and how they end.
@Suite(.timeLimit(.minutes(1)), .enabled(if: NATSServer.isInstalled))
struct NATSConnectionTests {
    /// Writes and reads one document.
    private func use(_ client: NATSClient) async throws {
        try await client.createBucket("docs")
        let docs = client.bucket("docs", of: NATSNote.self)
        let version = try await docs.put("a", NATSNote(text: String(repeating: "a", count: 5000)))
        #expect(try await docs.get("a").version == version)
    }

    @Test("User and password, or a token, let in; others are refused with a word that says so")
    func credentials() async throws {
        // Who is late says "authentication timeout": on a busy machine 2 s, the default, are soon over.
        for (users, good, bad) in [
            (
                "authorization { user: me, password: secret, timeout: 30 }", .user("me", password: "secret"),
                .user("me", password: "x")
            ),
            ("authorization { token: abc, timeout: 30 }", .token("abc"), .token("x")),
        ] as [(String, NATSAuthentication, NATSAuthentication)] {
            let server = try await NATSServer(users)
            let client = server.client(nil, good)
            try await self.use(client)
            await client.close()
            let provided = server.client { configuration in
                configuration.credentials = { _ in
                    let object = good == .token("abc")
                    return object ? .bearer("abc") : Credentials(parameters: ["user": "me", "pass": "secret"])
                }
            }
            _ = try await provided.streamState("KV_docs")
            await provided.close()
            for wrong in [bad, nil] {
                let other = server.client(nil, wrong)
                let error = await failure { _ = try await other.streamState("KV_docs") }
                #expect(error?.kind == .unauthorized, "\(String(describing: error))")
                #expect(error?.description.contains("secret") == false)
                await other.close()
            }
            server.stop()
        }
    }

    @Test("What the account may not do fails alone")
    func permissions() async throws {
        let server = try await NATSServer(
            """
            authorization { users: [
              { user: all, password: a },
              { user: few, password: b, permissions: {
                publish: { deny: ["$KV.docs.secret", "$JS.API.CONSUMER.CREATE.KV_closed"] } } }
            ] }
            """
        )
        let all = server.client(nil, .user("all", password: "a"))
        try await all.createBucket("docs")
        try await all.createBucket("closed")
        let few = server.client(nil, .user("few", password: "b"))
        let docs = few.bucket("docs", of: NATSNote.self)
        var events = docs.watch().makeAsyncIterator()
        _ = try await events.next()
        #expect(await failure { try await docs.put("secret", NATSNote(text: "")) }?.kind == .forbidden)
        let closed = few.bucket("closed", of: NATSNote.self).watch()
        let refused = await failure { for try await _ in closed {} }
        #expect(refused?.kind == .forbidden, "\(String(describing: refused))")
        try await docs.put("open", NATSNote(text: "x"))
        #expect(try await events.next()?.changes.map(\.key) == ["open"])
        await few.close()
        await all.close()
        server.stop()
    }

    @Test("Over TLS with an authority of our own, and compressed")
    func tlsAndCompression() async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let identity = try await certificates.signed("server", for: "IP:127.0.0.1")
        let server = try await NATSServer(
            webSocket: """
                compression: true, tls { cert_file: "\(identity.certificate)", key_file: "\(identity.key)" }
                """
        )
        let url = "wss://127.0.0.1:\(server.port)"
        let client = server.client(url) { $0.webSocket.tls.authorities = .file(authority) }
        try await self.use(client)
        await client.close()
        let distrustful = server.client(url)
        let error = await failure { _ = try await distrustful.streamState("KV_docs") }
        #expect(error?.kind == .tls(.unknownAuthority))
        await distrustful.close()
        server.stop()
    }

    @Test("A message larger than the server takes is refused before it is sent")
    func tooLarge() async throws {
        let server = try await NATSServer("max_payload: 1000")
        let client = server.client()
        try await client.createBucket("docs")
        let docs = client.bucket("docs", coding: .bytes)
        let large = Bytes(copying: [UInt8](repeating: 1, count: 1001))
        let error = await failure { try await docs.put("a", large) }
        #expect(error?.kind == .messageTooLarge, "\(String(describing: error))")
        try await docs.put("a", large[0..<900])
        #expect(try await docs.get("a").value.count == 900)
        await client.close()
        server.stop()
    }

    @Test("Without JetStream an operation fails at once")
    func noJetStream() async throws {
        let server = try await NATSServer(jetStream: false)
        let client = server.client()
        let docs = client.bucket("docs", of: NATSNote.self)
        for error in [
            await failure { _ = try await docs.get("a") }, await failure { _ = try await docs.list() },
            await failure { try await docs.put("a", NATSNote(text: "")) },
            await failure { for try await _ in docs.watch() {} },
        ] { #expect(error?.kind == .server(status: 503), "\(String(describing: error))") }
        await client.close()
        server.stop()
    }

    @Test("A server that is killed and comes back is watched again; what was written is there")
    func restart() async throws {
        let server = try await NATSServer()
        let client = server.client()
        try await client.createBucket("docs")
        let docs = client.bucket("docs", of: NATSNote.self)
        try await docs.put("a", NATSNote(text: "a"))
        var events = docs.watch().makeAsyncIterator()
        _ = try await events.next()
        try await server.restart()
        guard case .gap? = try await events.next(), case .snapshot? = try await events.next() else {
            throw NATSBucketTests.Unexpected()
        }
        try await docs.put("b", NATSNote(text: "b"))
        #expect(try await events.next()?.changes.map(\.key) == ["b"])
        await client.close()
        server.stop()
    }

    @Test("While credentials are renewed, by one connection after another, a stream loses nothing and doubles nothing")
    func renewal() async throws {
        let server = try await NATSServer("authorization { token: abc, timeout: 30 }")
        let writing = server.client(nil, .token("abc"))
        try await writing.createStream("S", NATSStreamConfiguration(subjects: ["s"]))
        let stream = writing.stream("S", of: NATSNote.self)
        let asked = Locked(0)
        let reading = server.client {
            $0.credentials = { _ in
                asked.withLock { $0 += 1 }
                return .bearer("abc", lifetime: .milliseconds(600))
            }
        }
        let writer = Task {
            var count: UInt64 = 0
            while asked.withLock({ $0 }) < 6 || count < 100 {
                count = try await stream.publish(NATSNote(text: "x"), to: "s").sequence
                if count > 50_000 { break }
            }
            return try await stream.publish(NATSNote(text: "the end"), to: "s").sequence
        }
        var last: UInt64 = 0
        for try await event in reading.stream("S", of: NATSNote.self).messages() {
            guard case .update(let message) = event else {
                Issue.record("\(event)")
                continue
            }
            #expect(message.sequence == last + 1)
            last = message.sequence
            if message.value.text == "the end" { break }
        }
        #expect(try await writer.value == last)
        #expect(asked.withLock { $0 } >= 6)
        await reading.close()
        await writing.close()
        server.stop()
    }

    @Test("A server that says that it shuts down is left without an error: the feed waits for the next one")
    func lameDuck() async throws {
        let server = try await NATSServer("lame_duck_duration: \"30s\", lame_duck_grace_period: \"1s\"")
        let client = server.client()
        try await client.createBucket("docs")
        let docs = client.bucket("docs", of: NATSNote.self)
        var events = docs.watch().makeAsyncIterator()
        _ = try await events.next()
        var states = client.connectionStates.makeAsyncIterator()
        server.signal(SIGUSR2)
        var isWaiting = false
        while !isWaiting, let state = await states.next() {
            if case .waiting = state { isWaiting = true }
        }
        try await server.restart()
        guard case .gap(let gap)? = try await events.next() else { throw NATSBucketTests.Unexpected() }
        #expect(gap.reason.contains("1001"))
        await client.close()
        server.stop()
    }
}
