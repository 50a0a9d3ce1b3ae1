// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// A 101 that is not as RFC 6455 wants it, or no answer at all.
@Suite(.timeLimit(.minutes(1)))
struct HandshakeFaultTests {
    private static let upgrade = "Upgrade: websocket\r\n"
    private static let connection = "Connection: Upgrade\r\n"

    @Test(
        "bad-accept: a 101 that lacks something, or answers another key, is refused and nothing of it delivered",
        arguments: [
            (upgrade + connection, true, "Sec-WebSocket-Accept"),
            (
                upgrade + connection + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", true,
                "Sec-WebSocket-Accept"
            ),
            (connection, false, "does not upgrade"), (upgrade, false, "does not upgrade"),
            ("Upgrade: h2c\r\n" + connection, false, "does not upgrade"),
        ]
    )
    func badAccept(_ headers: String, _ wrongKey: Bool, _ words: String) async throws {
        let server = try RawServer { connection in
            let request = connection.readRequest()
            let accept = wrongKey ? "" : "Sec-WebSocket-Accept: \(RawConnection.accept(for: request))\r\n"
            connection.write("HTTP/1.1 101 Switching Protocols\r\n\(headers)\(accept)\r\n")
            connection.sendText("not for us")
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages.isEmpty)
        #expect(error?.kind == .protocolViolation)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test("no-subprotocol: a server that chooses none is taken, and it shows")
    func noSubprotocol() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: FaultyPeer.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(
            to: server.url,
            subprotocols: ["one", "two"],
            configuration: FaultyPeer.configuration()
        )
        #expect(socket.subprotocol == nil)
        #expect(await FaultyPeer.rest(of: socket).error == nil)
    }

    @Test("no-subprotocol: one that was not offered is refused", arguments: [["one", "two"], []])
    func otherSubprotocol(_ offered: [String]) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: "three")
            connection.readToEnd()
        }
        defer { server.stop() }
        await #expect {
            try await WebSocket.connect(
                to: server.url,
                subprotocols: offered,
                configuration: FaultyPeer.configuration()
            )
        } throws: {
            let error = $0 as? FreshetError
            return error?.kind == .protocolViolation && error?.message.contains("three") == true
        }
    }

    @Test("A server that takes the request and says nothing is given up at the deadline for the upgrade")
    func stalled() async throws {
        let server = try RawServer { connection in connection.readToEnd() }
        defer { server.stop() }
        let error = await FaultyPeer.receive(from: server.url, FaultyPeer.configuration(deadline: .seconds(2))).error
        #expect(error?.kind == .timeout(.upgrade))
    }

    @Test("tcp.fin, tcp.rst: a server that hangs up before its answer, or in it", arguments: ["", "HTTP/1.1 101 Swi"])
    func hangUp(_ answer: String) async throws {
        for reset in [false, true] {
            let server = try RawServer { connection in
                _ = connection.readRequest()
                connection.write(answer)
                if reset { connection.resetAtEnd() }
            }
            defer { server.stop() }
            let error = await FaultyPeer.receive(from: server.url).error
            #expect(error?.kind == .closed(code: 1006))
            #expect(error?.message.contains("before it answered") == true)
        }
    }

    @Test(
        "Something that is not HTTP is told as such",
        arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\u{15}\u{3}\u{1}\0\u{2}"]
    )
    func notHTTP(_ answer: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(answer)
            connection.readToEnd()
        }
        defer { server.stop() }
        let configuration = FaultyPeer.configuration(deadline: .seconds(2))
        let error = await FaultyPeer.receive(from: server.url, configuration).error
        #expect([.protocolViolation, .timeout(.upgrade)].contains(error?.kind))
    }
}
