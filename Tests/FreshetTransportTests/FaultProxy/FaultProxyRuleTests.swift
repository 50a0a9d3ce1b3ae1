// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Rules, as a client sees them.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyRuleTests {
    /// What comes of the texts 1 to 5 with some rules.
    private static func texts(_ rules: FaultRule...) async throws -> (messages: [String], error: FreshetError?) {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        defer { proxy.stop() }
        for rule in rules { try proxy.add(rule) }
        return try await ProxyPeer.texts(proxy)
    }

    @Test("srv.dup, srv.reorder, srv.skip: frames are dropped, doubled, swapped, replaced, added")
    func frames() async throws {
        let third = FaultMatch.frame(.toClient, containing: "3")
        #expect(try await Self.texts(FaultRule(third, .drop)).messages == ["1", "2", "4", "5"])
        #expect(try await Self.texts(FaultRule(third, .duplicate)).messages == ["1", "2", "3", "3", "4", "5"])
        #expect(try await Self.texts(FaultRule(third, .reorder)).messages == ["1", "2", "4", "3", "5"])
        #expect(try await Self.texts(FaultRule(third, .replace("three"))).messages == ["1", "2", "three", "4", "5"])
        #expect(try await Self.texts(FaultRule(third, .inject("3½"))).messages == ["1", "2", "3", "3½", "4", "5"])
        #expect(
            try await Self.texts(FaultRule(third, .delay(.milliseconds(20)))).messages == ["1", "2", "3", "4", "5"]
        )
    }

    @Test("srv.silent: from one frame on nothing comes, while the socket stays open")
    func silent() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(textLimit: 100))
        try proxy.add(FaultRule(.frame(.toClient, containing: "3"), .dropOnwards))
        let socket = try await ProxyPeer.connect(proxy)
        try await socket.send(text: "go")
        #expect(await proxy.entry { $0.text == "5" } != nil)
        proxy.close(code: 1000)
        let (messages, error) = await FaultyPeer.rest(of: socket)
        #expect(messages == ["1", "2"])
        #expect(error == nil)
        proxy.stop()
    }

    @Test("How many matches are let pass, and how many are acted on; the first rule that may acts")
    func counts() async throws {
        let any = FaultMatch.frame(.toClient)
        #expect(try await Self.texts(FaultRule(any, .drop, skipping: 1, times: 2)).messages == ["1", "4", "5"])
        #expect(
            try await Self.texts(FaultRule(.frame(.toClient, kind: .text), .drop, skipping: 3)).messages
                == ["1", "2", "3", "5"]
        )
        #expect(try await Self.texts(FaultRule(.frame(.toClient, kind: .binary), .drop)).messages.count == 5)
        #expect(try await Self.texts(FaultRule(.frame(.toClient, connection: 2), .drop)).messages.count == 5)
        #expect(
            try await Self.texts(
                FaultRule(any, .drop, times: 1),
                FaultRule(any, .duplicate, times: 1)
            ).messages == ["2", "2", "3", "4", "5"]
        )
        let doubled = try await Self.texts(FaultRule(any, .duplicate, times: nil)).messages
        #expect(doubled == ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5"])
    }

    @Test("Frames to the server are changed as well")
    func toServer() async throws {
        let go = FaultMatch.frame(.toServer, containing: "go")
        #expect(try await Self.texts(FaultRule(go, .drop)).messages == [])
        #expect(try await Self.texts(FaultRule(go, .duplicate)).messages.count == 10)
        #expect(try await Self.texts(FaultRule(go, .replace("stay"))).messages == ["stay"])
        #expect(try await Self.texts(FaultRule(go, .reorder)).messages == [])  // "done" comes before it
    }

    @Test("ws.close(code): in the frame's place, after what came before it", arguments: [1012, 4403, 1005] as [UInt16])
    func close(_ code: UInt16) async throws {
        let (messages, error) = try await Self.texts(
            FaultRule(.frame(.toClient, containing: "4"), .close(code: code, reason: "bye"))
        )
        #expect(messages == ["1", "2", "3"])
        #expect(error?.kind == .closed(code: code))
    }

    @Test("tcp.fin-noclose by a rule is 1006, after what came before it")
    func cut() async throws {
        let (messages, error) = try await Self.texts(
            FaultRule(.frame(.toClient, containing: "4"), .cut(.endInFrame))
        )
        #expect(messages == ["1", "2", "3"])
        #expect(error?.kind == .closed(code: 1006))
    }

    @Test("http.429/503, http.200-html, bad-accept, accept and close: upgrades by number and path")
    func upgrades() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        try proxy.add(FaultRule(.upgrade(path: "/elsewhere"), .drop, times: nil))
        try proxy.add(FaultRule(.upgrade(), .refuse(503, headers: [HTTPHeader("Retry-After", "7")])))
        try proxy.add(FaultRule(.upgrade(), .respond(FaultResponse(status: 200, body: "<html>pay here</html>"))))
        let wrong = [
            HTTPHeader("Upgrade", "websocket"), HTTPHeader("Connection", "Upgrade"),
            HTTPHeader("Sec-WebSocket-Accept", "AAAA"),
        ]
        try proxy.add(FaultRule(.upgrade(3), .respond(FaultResponse(status: 101, headers: wrong))))
        try proxy.add(FaultRule(.upgrade(), .acceptAndClose(code: 1013, reason: "full")))
        try proxy.add(FaultRule(.upgrade(), .delay(.milliseconds(5))))
        try proxy.add(FaultRule(.upgrade(), .cut(.reset), skipping: 0, times: 1))
        var errors: [FreshetError?] = []
        for _ in 1...6 { errors.append(await Self.end(of: proxy)) }
        #expect(errors[0]?.kind == .upgradeRefused(status: 503))
        #expect(errors[0]?.refusal?.retryAfter == .seconds(7))
        #expect(errors[1]?.kind == .upgradeRefused(status: 200))
        #expect(errors[2]?.kind == .protocolViolation)
        #expect(errors[3]?.kind == .closed(code: 1013))
        #expect(errors[4] == nil)
        #expect(errors[5] != nil)
        #expect(proxy.log.filter { $0.event == .response(status: 101) }.map(\.connection) == [5])
        proxy.stop()
    }

    /// Connects, and closes in order when that works.
    private static func end(of proxy: FaultProxy) async -> FreshetError? {
        do {
            let socket = try await WebSocket.connect(to: proxy.url, configuration: FaultyPeer.configuration())
            try? await socket.send(text: "a")  // why it ended, the iteration says
            for try await _ in socket { break }
            await socket.close()
            return nil
        } catch {
            return error
        }
    }

    @Test("A rule for a time after the upgrade, by the clock that was given")
    func after() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let clock = ManualClock()
        let proxy = try FaultProxy(to: server.url, clock: clock)
        try proxy.add(FaultRule(.after(.seconds(30)), .inject("hello"), times: nil))
        try proxy.add(FaultRule(.after(.seconds(60)), .close(code: 1001)))
        let socket = try await ProxyPeer.connect(proxy)
        await clock.expire(.seconds(30))
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "hello")
        await clock.expire(.seconds(30))
        #expect(try await iterator.next() == nil)
        #expect(proxy.log.filter { $0.event == .fault(.inject("hello")) }.map(\.time) == [.seconds(30)])
        proxy.stop()
    }

    @Test("A connection that is cut before its first byte; rules that were removed")
    func connect() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        try proxy.add(FaultRule(.connect(1), .cut(.end)))
        try proxy.add(FaultRule(.upgrade(), .refuse(500), times: nil))
        #expect(await Self.end(of: proxy)?.kind == .closed(code: 1006))
        #expect(await Self.end(of: proxy)?.kind == .upgradeRefused(status: 500))
        proxy.removeRules()
        #expect(await Self.end(of: proxy) == nil)
        #expect(proxy.log.contains { $0.connection == 1 && $0.event == .fault(.cut(.end)) })
        proxy.stop()
    }

    @Test("ws.unmasked/rsv, ws.bad-utf8: frames that no server should send")
    func badFrames() async throws {
        for bytes in [[0xF1, 0x00], [0x81, 0x01, 0xFF]] as [[UInt8]] {
            let server = try ProxyPeer.echo()
            defer { server.stop() }
            let proxy = try FaultProxy(to: server.url)
            try proxy.add(FaultRule(.frame(.toClient, containing: "2"), .injectBytes(bytes)))
            let (messages, error) = try await ProxyPeer.texts(proxy)
            #expect(messages == ["1", "2"])
            #expect(error?.kind == .protocolViolation)
            proxy.stop()
        }
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let socket = try await ProxyPeer.connect(proxy)
        proxy.inject(bytes: FaultyPeer.text("by a call"))
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "by a call")
        proxy.stop()
    }

    @Test("A message from nowhere, and a close frame, by a call")
    func calls() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let socket = try await ProxyPeer.connect(proxy)
        proxy.inject("from nowhere")
        proxy.close(code: 4499, reason: "go", connection: 1)
        let (messages, error) = await FaultyPeer.rest(of: socket)
        #expect(messages == ["from nowhere"])
        #expect(error?.kind == .closed(code: 4499))
        #expect(await proxy.entry { $0.event == .ended(by: .proxy) } != nil)
        proxy.stop()
    }
}
