// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetTestSupport

/// A proxy that ends TLS, before a server that knows nothing of it.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyTLSTests {
    /// The two, and what a client needs that trusts the authority.
    private struct Place {
        let authority: TestAuthority
        let server: RawServer
        let proxy: FaultProxy
        var configuration = FaultyPeer.configuration()

        init(version: TLSConfiguration.Version? = nil, seed: UInt64 = 0) throws {
            self.authority = try TestAuthority()
            self.server = try ProxyPeer.echo()
            self.proxy = try FaultProxy(
                to: self.server.url,
                configuration: FaultProxyConfiguration(seed: seed, textLimit: 10, authority: self.authority)
            )
            self.proxy.conditions.tls.version = version
            self.configuration.tls.authorities = .text(self.authority.certificate)
        }

        func stop() {
            self.proxy.stop()
            self.server.stop()
        }

        func connect() async throws(FreshetError) -> WebSocket {
            try await WebSocket.connect(to: self.proxy.url, configuration: self.configuration)
        }

        /// Why there is no connection; nil when there is one.
        func error() async -> FreshetError? {
            do throws(FreshetError) {
                await (try await self.connect()).close()
                return nil
            } catch {
                return error
            }
        }

        /// What comes of "go": the messages before "done", or before the end.
        func texts() async throws -> (messages: [String], error: FreshetError?) {
            try await ProxyPeer.texts(from: try await self.connect())
        }
    }

    @Test("Rules, frames and the log are the same over TLS, by each version", arguments: [12, 13])
    func rules(_ version: Int) async throws {
        let place = try Place(version: TLSConfiguration.Version(rawValue: version))
        defer { place.stop() }
        #expect(place.proxy.url.hasPrefix("wss://127.0.0.1:"))
        try place.proxy.add(FaultRule(.upgrade(1), .refuse(503)))
        try place.proxy.add(FaultRule(.frame(.toClient, containing: "3"), .drop))
        #expect(await place.error()?.kind == .upgradeRefused(status: 503))
        #expect(try await place.texts().messages == ["1", "2", "4", "5"])
        let end = try #require(await place.proxy.entry { $0.connection == 2 && $0.isEnd() })
        #expect(end.event == .ended(by: .client))
        let log = place.proxy.log.filter { $0.connection == 2 }
        #expect(log.prefix(2).map(\.event) == [.connected, .secured])
        #expect(log.compactMap { $0.isFrame(.toClient) ? $0.text : nil } == ["1", "2", "3", "4", "5", "done"])
    }

    @Test("Much, in segments and slowly, both ways, is whole over TLS", arguments: [12, 13])
    func much(_ version: Int) async throws {
        let place = try Place(version: TLSConfiguration.Version(rawValue: version), seed: 3)
        defer { place.stop() }
        let socket = try await place.connect()
        var iterator = socket.makeAsyncIterator()
        let text = String(repeating: "abcdefghijklmnopqrstuvwxyz", count: 20_000)
        try await socket.send(text: text)
        // It goes out in fragments, and the server sends each of them back as a message.
        var echo = ""
        while echo.utf8.count < text.utf8.count, let part = try await iterator.next() { echo += part.text }
        #expect(echo == text)
        place.proxy.conditions.segments = 1...7
        place.proxy.conditions.jitter = .milliseconds(5)
        for number in 1...50 { try await socket.send(text: "\(number)") }
        for number in 1...50 { #expect(try await iterator.next()?.text == "\(number)") }
        await socket.close()
    }

    @Test("tls.expired, tls.wrong-host, tls.unknown-ca, and their kin, each for connections that begin then")
    func certificates() async throws {
        let place = try Place()
        defer { place.stop() }
        let open = try await place.connect()
        let wanted: [(TLSConditions.Certificate, FreshetError.TLSFailure?)] = [
            (.good, nil), (.expired, .expired), (.notYetValid, .notYetValid), (.wrongHost, .wrongHost),
            (.unknownAuthority, .unknownAuthority), (.selfSigned, .selfSigned), (.good, nil),
        ]
        for (certificate, failure) in wanted {
            place.proxy.conditions.tls.certificate = certificate
            #expect(await place.error()?.kind == failure.map { .tls($0) }, "\(certificate)")
        }
        // Who was connected before is not concerned, and the log says what the client said.
        try await open.send(text: "still here")
        var iterator = open.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "still here")
        let expired = await place.proxy.entry { if case .tlsFailed = $0.event { true } else { false } }
        #expect("\(try #require(expired))".contains("certificate expired"))
        #expect(await place.proxy.entry { $0.connection == expired?.connection && $0.isEnd(by: .client) } != nil)
    }

    @Test(
        "tls.client-cert-required: none, a stranger's, and one that the authority has made, by each version",
        arguments: [12, 13]
    )
    func clientCertificate(_ version: Int) async throws {
        var place = try Place(version: TLSConfiguration.Version(rawValue: version))
        defer { place.stop() }
        place.proxy.conditions.tls.requiresClientCertificate = true
        #expect(await place.error()?.kind == .tls(.clientCertificateRequired))
        place.configuration.tls.identity = try TestAuthority(name: "A stranger").identity(for: ["client.invalid"])
        #expect(await place.error()?.kind == .tls(.clientCertificateRefused))
        place.configuration.tls.identity = try place.authority.identity(for: ["client.invalid"])
        #expect(await place.error() == nil)
        #expect(place.proxy.log.filter { $0.event == .secured }.map(\.connection) == [3])
    }

    @Test("No version in common")
    func version() async throws {
        var place = try Place(version: .tls12)
        defer { place.stop() }
        place.configuration.tls.minimumVersion = .tls13
        #expect(await place.error()?.kind == .tls(.version))
    }

    @Test("tls.handshake-stall: by the conditions and by a rule; the server never hears of it")
    func stall() async throws {
        var place = try Place()
        defer { place.stop() }
        place.configuration.deadline = .seconds(2)
        place.proxy.conditions.tls.stallsHandshake = true
        #expect(await place.error()?.kind == .timeout(.tls))
        place.proxy.conditions.tls.stallsHandshake = false
        try place.proxy.add(FaultRule(.connect(2), .drop))
        #expect(await place.error()?.kind == .timeout(.tls))
        place.configuration.deadline = .seconds(20)
        #expect(await place.error() == nil)
        #expect(place.proxy.log.filter { $0.event == .secured }.map(\.connection) == [3])
    }

    @Test(
        "tls.mid-stream-alert, tls.truncation, and every other cut: 1006, after what came before it",
        arguments: [FaultCut.alert, .truncate, .end, .endInFrame, .reset],
        [12, 13]
    )
    func cuts(_ cut: FaultCut, _ version: Int) async throws {
        let place = try Place(version: TLSConfiguration.Version(rawValue: version))
        defer { place.stop() }
        try place.proxy.add(FaultRule(.frame(.toClient, containing: "4"), .cut(cut)))
        let (messages, error) = try await place.texts()
        // An RST may overtake what was sent before it.
        #expect(messages == ["1", "2", "3"] || cut == .reset && messages.count < 3)
        #expect(error?.kind == .closed(code: 1006))
    }

    @Test("A close frame over TLS, and a client that is cut off by a call")
    func closes() async throws {
        let place = try Place()
        defer { place.stop() }
        let first = try await place.connect()
        place.proxy.close(code: 4499)
        #expect(await FaultyPeer.rest(of: first).error?.kind == .closed(code: 4499))
        let second = try await place.connect()
        place.proxy.cut(.alert)
        #expect(await FaultyPeer.rest(of: second).error?.kind == .closed(code: 1006))
    }

    @Test("Nothing in clear gets through, and a hello in pieces is a hello")
    func pieces() async throws {
        let place = try Place()
        defer { place.stop() }
        let (answer, _) = try await ProxyPeer.plain(place.proxy.port) { connection in
            connection.write(ProxyPeer.upgrade)
            return ProxyPeer.readAll(connection)
        }
        #expect(!String(decoding: answer, as: UTF8.self).contains("HTTP"))
        #expect(await place.proxy.entry { if case .tlsFailed = $0.event { true } else { false } } != nil)
        // Another proxy before it, which cuts TLS itself into pieces.
        let slicer = try FaultProxy(to: place.proxy.url)
        slicer.conditions.segments = 1...7
        let socket = try await WebSocket.connect(to: slicer.url, configuration: place.configuration)
        try await socket.send(text: "through both")
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "through both")
        await socket.close()
        slicer.stop()
    }

    @Test("What cannot be is refused, and nothing says the key")
    func invalid() throws {
        let authority = try TestAuthority()
        #expect(throws: FreshetError.self) { try authority.identity(for: []) }
        #expect(throws: FreshetError.self) { try authority.identity(for: ["a,DNS:b"]) }
        #expect(throws: FreshetError.self) { try TestAuthority(name: String(repeating: "x", count: 65)) }
        #expect(throws: FreshetError.self) { try authority.write(to: "/nowhere/at/all") }
        #expect(throws: FreshetError.self) {
            try FaultProxy(to: "wss://127.0.0.1:1", configuration: FaultProxyConfiguration(authority: authority))
        }
        let identity = try authority.identity(for: ["client.invalid"])
        #expect(!"\(authority) \(identity) \(FaultProxyConfiguration(authority: authority))".contains("BEGIN"))
    }
}
