// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetTestSupport

/// The server behind the proxy in these tests, and clients before it.
enum ProxyPeer {
    /// Takes the upgrade; then sends back each text, and to "go" answers with the texts 1 to 5. Tells what it got, and of its
    /// connections' ends.
    static func echo(_ witness: Witness<String> = Witness()) throws -> RawServer {
        try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            var frames = ClientFrames(connection)
            while let frame = frames.next() {
                let text = String(decoding: frame.payload, as: UTF8.self)
                if frame.first == 0x88 {
                    connection.write(RawConnection.frame(0x88, frame.payload))
                } else if text == "go" {
                    for number in 1...5 { connection.sendText("\(number)") }
                } else {
                    witness.tell(text)
                    connection.sendText(text)
                }
            }
            witness.tell("end")
        }
    }

    static func connect(_ proxy: FaultProxy, deadline: Duration = .seconds(10)) async throws -> WebSocket {
        try await WebSocket.connect(to: proxy.url, configuration: FaultyPeer.configuration(deadline: deadline))
    }

    /// What comes of "go": the messages before "done", which is sent after them, or before the end.
    static func texts(
        _ proxy: FaultProxy,
        deadline: Duration = .seconds(10)
    ) async throws -> (messages: [String], error: FreshetError?) {
        try await self.texts(from: try await self.connect(proxy, deadline: deadline))
    }

    /// The same on a WebSocket that is open.
    static func texts(from socket: WebSocket) async throws -> (messages: [String], error: FreshetError?) {
        try? await socket.send(text: "go")
        try? await socket.send(text: "done")
        var messages: [String] = []
        do {
            for try await message in socket {
                if message.text == "done" { break }
                messages.append(message.text)
            }
            await socket.close()
            return (messages, nil)
        } catch {
            return (messages, error)
        }
    }

    /// Does something with a plain connection to the proxy, on a thread of its own: its calls block.
    static func plain<Value: Sendable>(
        _ port: Int,
        _ body: @escaping @Sendable (RawConnection) -> Value
    ) async throws -> Value {
        let witness = Witness<Value?>()
        Thread.start {
            guard let connection = RawConnection(to: port) else { return witness.tell(nil) }
            let value = body(connection)
            connection.shut()
            witness.tell(value)
        }
        return try #require(await witness.next().flatMap { $0 }, "nobody listens")
    }

    /// A client's upgrade, as bytes.
    static let upgrade = Array(
        ("GET /feed?token=secret HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").utf8
    )

    /// Upgrades by hand: the answer's head is read byte by byte, and what comes after it is left.
    static func upgrade(_ connection: RawConnection) {
        connection.write(self.upgrade)
        var head: [UInt8] = []
        var byte = [UInt8](repeating: 0, count: 1)
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]), case .bytes(let more) = connection.readSome(into: &byte)
        {
            head += more
        }
    }

    /// All that comes, and whether it ends with a FIN.
    static func readAll(_ connection: RawConnection) -> (bytes: [UInt8], isOrderly: Bool) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            switch connection.readSome(into: &buffer) {
            case .bytes(let more): bytes += more
            case .end: return (bytes, true)
            case .failed, .nothingYet: return (bytes, false)
            }
        }
    }
}

extension FaultLogEntry {
    /// The frame's text.
    var text: String? {
        guard case .frame(_, _, _, let text) = self.event else { return nil }
        return text
    }

    func isFrame(_ direction: FaultDirection) -> Bool {
        guard case .frame(direction, _, _, _) = self.event else { return false }
        return true
    }

    var isConditions: Bool {
        guard case .conditions = self.event else { return false }
        return true
    }

    func isEnd(by side: Side? = nil) -> Bool {
        guard case .ended(let by) = self.event else { return false }
        return side == nil || by == side
    }
}
