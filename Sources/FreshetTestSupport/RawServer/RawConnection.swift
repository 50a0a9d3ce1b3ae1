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

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to a port of 127.0.0.1; nil when nobody listens there. Whoever does that closes it.
    init?(to port: Int) {
        #if canImport(Darwin)
        self.descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = self.descriptor
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else {
            close(descriptor)
            return nil
        }
    }

    // MARK: - Bytes

    /// Writes all of it; false when the peer has gone.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, Self.noSignal) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    package func write(_ text: String) { self.write(Array(text.utf8)) }

    /// Writes what the kernel takes now: how many bytes, or nil when the peer has gone.
    package func writeSome(_ bytes: ArraySlice<UInt8>) -> Int? {
        let flags = Self.noSignal | Self.noWait
        let count = bytes.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, flags) }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    /// Whether the kernel takes something within so many milliseconds.
    package func canWrite(within milliseconds: Int32) -> Bool {
        var events = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&events, 1, milliseconds) != 0
    }

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

    /// Ends our half: a FIN goes out, and reading goes on.
    package func endWriting() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Sends each write in a segment of its own, at once.
    package func sendAtOnce() { self.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    /// Makes the kernel keep little of what the script does not read.
    package func limitReceiving(to bytes: Int32) { self.set(SOL_SOCKET, SO_RCVBUF, bytes) }

    /// Makes the kernel keep little of what the peer does not read.
    package func limitSending(to bytes: Int32) { self.set(SOL_SOCKET, SO_SNDBUF, bytes) }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(self.descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Reads nothing until the server is stopped, or the peer has gone.
    package func waitForStop() {
        var events = pollfd(fd: self.descriptor, events: 0, revents: 0)
        _ = poll(&events, 1, -1)
    }

    /// The time between two writes of a slow peer: over early when the server is stopped, or the peer has gone.
    package func pause(milliseconds: Int32) {
        var events = pollfd(fd: self.descriptor, events: 0, revents: 0)
        _ = poll(&events, 1, milliseconds)
    }

    /// Makes the end of the script an RST instead of a FIN.
    package func resetAtEnd() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    #if canImport(Darwin)
    private static let noSignal: Int32 = 0
    private static let noWait = MSG_DONTWAIT
    #else
    private static let noSignal = Int32(MSG_NOSIGNAL)
    private static let noWait = Int32(MSG_DONTWAIT)
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
        self.write(Self.acceptance(of: request, subprotocol: subprotocol) + more)
    }

    /// The proper answer to an upgrade request.
    package static func acceptance(of request: String, subprotocol: String?) -> [UInt8] {
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(self.accept(for: request))\r\n"
            + (subprotocol.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? "") + "\r\n"
        return Array(answer.utf8)
    }

    /// The Sec-WebSocket-Accept that a request wants.
    package static func accept(for request: String) -> String {
        let key = request.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }
        return Upgrade.accept(for: String(key?.dropFirst("Sec-WebSocket-Key: ".count) ?? ""))
    }

    /// Sends a text message in one frame.
    package func sendText(_ text: String) {
        self.write(Self.frame(0x81, Array(text.utf8)))
    }

    /// A server's frame, with `first` as its first byte.
    package static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        self.header(first, payload.count) + payload
    }

    /// The header alone of a frame with `count` bytes of payload.
    package static func header(_ first: UInt8, _ count: Int) -> [UInt8] {
        if count < 126 { return [first, UInt8(count)] }
        if count < 65536 { return [first, 126, UInt8(count >> 8), UInt8(count & 0xFF)] }
        return [first, 127] + stride(from: 56, through: 0, by: -8).map { UInt8(count >> $0 & 0xFF) }
    }

    /// An upgrade, and the acknowledgement: where a GraphQL server stands when it may begin to misbehave. Returns after
    /// the first `subscribe` has come.
    package func beginGraphQL() {
        self.acceptUpgrade()
        var frames = ClientFrames(self)
        // connection_init and subscribe
        guard frames.next() != nil else { return }
        self.sendText(#"{"type":"connection_ack"}"#)
        _ = frames.next()
    }
}
