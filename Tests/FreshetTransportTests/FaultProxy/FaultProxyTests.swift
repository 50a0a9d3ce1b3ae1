// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetTestSupport

/// A proxy without faults, and its log.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyTests {
    @Test("Without a fault every byte goes on as it came, and the log has all of it")
    func passesOn() async throws {
        let received = Witness<[UInt8]>()
        let server = try RawServer { connection in
            var bytes: [UInt8] = []
            while bytes.count < ProxyPeer.upgrade.count, let more = connection.read() { bytes += more }
            connection.write(RawConnection.acceptance(of: String(decoding: bytes, as: UTF8.self), subprotocol: nil))
            while let more = connection.read() { bytes += more }
            received.tell(bytes)
            connection.write(RawConnection.frame(0x82, [1, 2, 3]) + [0x81])
        }
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(textLimit: 4))
        let frames =
            FrameWriter.frame(.text, Bytes(copying: "hello".utf8), mask: 7)
            + FrameWriter.frame(.pong, Bytes(copying: []), mask: 8) + [0x81, 0x85, 1]  // one that is cut
        let (answer, isOrderly) = try await ProxyPeer.plain(proxy.port) { connection in
            ProxyPeer.upgrade(connection)
            for byte in frames { connection.write([byte]) }
            connection.endWriting()
            return ProxyPeer.readAll(connection)
        }
        #expect(await received.next() == ProxyPeer.upgrade + frames)
        #expect(answer == RawConnection.frame(0x82, [1, 2, 3]) + [0x81])
        #expect(isOrderly)
        let end = try #require(await proxy.entry { $0.isEnd() })
        #expect(end.event == .ended(by: .client))
        let log = proxy.log.filter { $0.number <= end.number }
        #expect(log.map(\.number) == Array(1...log.count))
        #expect(log.map(\.connection) == log.map { _ in 1 })
        guard
            case .request(method: "GET", path: "/feed?token=secret", headers: let headers, upgrade: true) = log[1].event
        else {
            Issue.record("\(log[1])")
            return
        }
        #expect(headers.first?.name == "Host")
        #expect(headers.first?.value == "x")
        #expect(
            [log[0].event] + log.dropFirst(2).map(\.event) == [
                .connected, .response(status: 101),
                .frame(.toServer, opcode: 1, size: 5, text: "hell"), .frame(.toServer, opcode: 0xA, size: 0, text: nil),
                .endOfStream(from: .client), .frame(.toClient, opcode: 2, size: 3, text: nil),
                .endOfStream(from: .server), .ended(by: .client),
            ]
        )
        #expect(!log.contains { "\($0)".contains("secret") || "\($0)".contains("hell") })
        proxy.stop()
    }

    @Test("Compression is taken out of the upgrade, unless it is allowed")
    func compression() async throws {
        for allowed in [false, true] {
            let requests = Witness<String>()
            let server = try RawServer { connection in
                let request = connection.readRequest()
                requests.tell(request)
                connection.accept(request)
            }
            let configuration = FaultProxyConfiguration(allowsCompression: allowed)
            let proxy = try FaultProxy(to: server.url, configuration: configuration)
            let socket = try await WebSocket.connect(to: proxy.url)
            let request = try #require(await requests.next())
            #expect(request.lowercased().contains("sec-websocket-extensions") == allowed)
            #expect(request.hasSuffix("\r\n\r\n"))
            _ = await FaultyPeer.rest(of: socket)
            proxy.stop()
            server.stop()
        }
    }

    @Test("Another protocol goes on untouched")
    func otherProtocol() async throws {
        let server = try RawServer { connection in
            connection.write([0x16, 3, 1])  // it speaks first
            while let bytes = connection.read() { connection.write(bytes) }
        }
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        let said: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0x0A, 0x0D, 0x0A]
        let (heard, isOrderly) = try await ProxyPeer.plain(proxy.port) { connection in
            connection.write(said)
            connection.endWriting()
            return ProxyPeer.readAll(connection)
        }
        #expect(heard == [0x16, 3, 1] + said)
        #expect(isOrderly)
        proxy.stop()
    }

    @Test("Requests on a connection that is kept are told apart, and answered or dropped by rules")
    func http() async throws {
        let server = try RawHTTPServer { request, _ in RawHTTPServer.answer(body: request.method + request.body) }
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url)
        try proxy.add(
            FaultRule(.request(path: "/c"), .respond(FaultResponse(status: 500, body: "no")))
        )
        let (heard, _) = try await ProxyPeer.plain(proxy.port) { connection in
            var all = ""
            func ask(_ request: String, _ end: String) {
                connection.write(request)
                while !all.hasSuffix(end), let bytes = connection.read() {
                    all += String(decoding: bytes, as: UTF8.self)
                }
            }
            ask("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "POSTbody")
            ask("GET /b HTTP/1.1\r\n\r\n", "GET")
            ask("GET /c HTTP/1.1\r\n\r\n", "no")
            return (all, ProxyPeer.readAll(connection).isOrderly)
        }
        #expect(heard.contains("500 Fault\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"))
        let paths = proxy.log.compactMap { entry -> String? in
            guard case .request(_, let path, _, false) = entry.event else { return nil }
            return path
        }
        #expect(paths == ["/a", "/b", "/c"])
        #expect(server.requests.map(\.method) == ["POST", "GET"])
        #expect(proxy.log.filter { $0.event == .response(status: 200) }.count == 2)
        proxy.stop()
    }

    @Test("A server that is not there is a reset, and the log says so")
    func unreachable() async throws {
        let gone = try FaultProxy(to: "ws://127.0.0.1:1")
        gone.conditions.refusesConnections = true
        let proxy = try FaultProxy(to: gone.url)
        while RawConnection(to: gone.port).map({ $0.shut() }) != nil { await Task.yield() }
        let (bytes, isOrderly) = try await ProxyPeer.plain(proxy.port) { ProxyPeer.readAll($0) }
        #expect(bytes.isEmpty)
        #expect(!isOrderly)
        #expect(await proxy.entry { $0.isEnd(by: .unreachable) } != nil)
        proxy.stop()
        gone.stop()
    }

    @Test("The log keeps the newest entries, and tells nobody anything after the end")
    func logLimit() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(logLimit: 3))
        let (messages, _) = try await ProxyPeer.texts(proxy)
        #expect(messages == ["1", "2", "3", "4", "5"])
        #expect(await proxy.entry { $0.isEnd() } != nil)
        #expect(proxy.log.count == 3)
        #expect(proxy.log.last?.isEnd() == true)
        async let never = proxy.entry { _ in false }
        proxy.stop()
        #expect(await never == nil)
    }

    @Test("The proxy ends its connections when the last reference to it goes")
    func lifetime() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        var proxy: FaultProxy? = try FaultProxy(to: server.url)
        let socket = try await ProxyPeer.connect(try #require(proxy))
        proxy = nil
        #expect(await FaultyPeer.rest(of: socket).error?.kind == .closed(code: 1006))
    }

    @Test("What cannot be is refused")
    func invalid() throws {
        #expect(throws: FreshetError.self) { try FaultProxy(to: "ftp://127.0.0.1") }
        #expect(throws: FreshetError.self) { try FaultProxy(to: "ws+unix:/tmp/x") }
        let proxy = try FaultProxy(to: "ws://127.0.0.1:1")
        #expect(throws: FreshetError.self) { try proxy.add(FaultRule(.frame(.toClient), .refuse(503))) }
        #expect(throws: FreshetError.self) { try proxy.add(FaultRule(.upgrade(), .duplicate)) }
        #expect(throws: FreshetError.self) { try proxy.add(FaultRule(.after(.zero), .delay(.zero))) }
        proxy.stop()
    }
}
