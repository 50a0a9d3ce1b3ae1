// SPDX-License-Identifier: Apache-2.0

import FreshetTransport

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One connection of a `RawServer`, on its own thread: every call blocks.
package struct RawConnection: Sendable {
    let descriptor: Int32

    // MARK: - Bytes

    package func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, Self.noSignal) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    package func write(_ text: String) { self.write(Array(text.utf8)) }

    /// What came next, or nil at the end.
    package func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = buffer.withUnsafeMutableBytes { recv(self.descriptor, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    /// Reads, and forgets, until the peer ends the connection.
    package func readToEnd() {
        while self.read() != nil {}
    }

    /// Reads nothing until the server is stopped, or the peer has gone.
    package func waitForStop() {
        var events = pollfd(fd: self.descriptor, events: 0, revents: 0)
        _ = poll(&events, 1, -1)
    }

    /// Makes the end of the script an RST instead of a FIN.
    package func resetAtEnd() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    #if canImport(Darwin)
    private static let noSignal: Int32 = 0
    #else
    private static let noSignal = Int32(MSG_NOSIGNAL)
    #endif

    // MARK: - HTTP and WebSocket

    /// The request up to its empty line.
    package func readRequest() -> String {
        var text = ""
        while !text.contains("\r\n\r\n"), let bytes = self.read() { text += String(decoding: bytes, as: UTF8.self) }
        return text
    }

    /// Answers an upgrade request as a proper server would, with `followedBy` in the same piece.
    package func acceptUpgrade(subprotocol: String? = "graphql-transport-ws", followedBy more: [UInt8] = []) {
        self.accept(self.readRequest(), subprotocol: subprotocol, followedBy: more)
    }

    /// The same for a request that has been read.
    package func accept(_ request: String, subprotocol: String? = nil, followedBy more: [UInt8] = []) {
        let key = request.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }
        let accept = Upgrade.accept(for: String(key?.dropFirst("Sec-WebSocket-Key: ".count) ?? ""))
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\n"
            + (subprotocol.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? "") + "\r\n"
        self.write(Array(answer.utf8) + more)
    }

    /// Sends a text message in one frame.
    package func sendText(_ text: String) {
        self.write(Self.frame(0x81, Array(text.utf8)))
    }

    /// A server's frame, with `first` as its first byte.
    package static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        let length: [UInt8] =
            count < 126
            ? [UInt8(count)]
            : count < 65536
                ? [126, UInt8(count >> 8), UInt8(count & 0xFF)]
                : [127] + stride(from: 56, through: 0, by: -8).map { UInt8(count >> $0 & 0xFF) }
        return [first] + length + payload
    }

    /// An upgrade, and the acknowledgement: where a GraphQL server stands when it may begin to misbehave. Returns after
    /// the first `subscribe` has come.
    package func beginGraphQL() {
        self.acceptUpgrade()
        var seen = 0
        // Two messages from the client, connection_init and subscribe; each begins with a frame of its own.
        while seen < 2, let bytes = self.read() {
            var rest = bytes[...]
            while rest.count >= 2, rest[rest.startIndex] == 0x81 {
                seen += 1
                let short = Int(rest[rest.startIndex + 1] & 0x7F)
                let header = short < 126 ? 6 : 8
                let length = short < 126 ? short : Int(rest[rest.startIndex + 2]) << 8 | Int(rest[rest.startIndex + 3])
                rest = rest.dropFirst(header + length)
                if seen == 1 { self.sendText(#"{"type":"connection_ack"}"#) }
            }
        }
    }
}
