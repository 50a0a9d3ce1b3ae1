// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

/// One tunnel to one address (design D1): a request goes out, a response's headers come in, then bytes both ways.
///
/// Lives on the loop's thread; C keeps it alive from `connect` until it has ended.
@safe
final class Socket {
    /// What a socket tells its owner, on the loop's thread. `ended` comes exactly once, as the last.
    protocol Owner: AnyObject {
        func socketReached(_ phase: Phase)
        /// The response's headers are in; `socket.header(_:)` works during this call only. True keeps the tunnel.
        func socketResponded(status: Int) -> Bool
        func socketReceived(_ bytes: ByteSlice)
        func socketEnded(_ end: SocketEnd)
    }

    enum Phase: Int32 {
        case tls = 1
        case response = 2
    }

    /// Bytes that the peer does not take; beyond this it is taken for dead.
    static let outputLimit = 64 << 20

    private let loop: EventLoop
    /// Kept alive until the socket has ended; the owner holds the socket too, and `ended` breaks the ring.
    private var owner: (any Owner)?
    private var handle: OpaquePointer?
    private var output: [UInt8] = []
    private var outputSent = 0
    private var paused = false
    private var closeWhenSent = false
    /// Whether the last turn to read was left to writing.
    private var leftTurn = false
    private(set) var bytesReceived: UInt64 = 0

    init(loop: EventLoop, owner: any Owner) {
        self.loop = loop
        self.owner = owner
    }

    /// Connects to a numeric address and sends `request`, which ends before its empty line.
    func connect(to endpoint: Endpoint, address: String, tls: OpaquePointer?, request: [UInt8]) {
        guard let loop = unsafe self.loop.handle else {
            return self.tellEnd(SocketEnd(kind: .loopStopped, errorNumber: 0, verifyError: 0, detail: ""))
        }
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()  // released in `ended`
        let handle = unsafe address.withCString { address in
            unsafe endpoint.host.withCString { name in
                unsafe request.withUnsafeBufferPointer { bytes -> OpaquePointer? in
                    guard let base = bytes.baseAddress else { return nil }
                    let what = unsafe freshet_connect(
                        address: address,
                        port: Int32(endpoint.port),
                        server_name: name,
                        tls: tls,
                        request: base,
                        request_size: bytes.count
                    )
                    return unsafe freshet_socket_connect(loop, what, Self.handlers, retained)
                }
            }
        }
        unsafe self.handle = handle
    }

    /// The value of a response header; `name` in lower case.
    func header(_ name: String) -> String? {
        guard let handle = unsafe self.handle else { return nil }
        var value = [CChar](repeating: 0, count: 4096)
        let count = unsafe freshet_socket_header(handle, "\(name):", &value, value.count)
        if count == -2 { return "(too long)" }
        return count < 0 ? nil : String(decoding: value.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: - Sending

    /// Sends bytes, in order, as the peer takes them.
    func write(_ bytes: [UInt8]) {
        guard unsafe self.handle != nil, !self.closeWhenSent else { return }
        self.output.append(contentsOf: bytes)
        if self.output.count - self.outputSent > Self.outputLimit { return self.close() }
        self.flush()
    }

    private func flush() {
        guard let handle = unsafe self.handle else { return }
        while self.outputSent < self.output.count {
            guard unsafe freshet_socket_can_write(handle) else {
                unsafe freshet_socket_want_writable(handle)
                return
            }
            let end = min(self.output.count, self.outputSent + ReadBuffer.size)
            let written = unsafe self.output[self.outputSent..<end].withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return true }
                return unsafe freshet_socket_write(handle, base, bytes.count)
            }
            guard written else { return self.close() }
            self.outputSent = end
            if self.outputSent > self.output.count / 2 {
                self.output.removeFirst(self.outputSent)
                self.outputSent = 0
            }
        }
        self.output.removeAll(keepingCapacity: self.output.count <= ReadBuffer.size)
        self.outputSent = 0
        if self.closeWhenSent { self.close() }
    }

    // MARK: - Reading, closing

    /// Stops pulling: what comes then stays in the kernel, and the peer is held back by TCP.
    func pauseReading() {
        self.paused = true
    }

    func resumeReading() {
        guard self.paused else { return }
        self.paused = false
        // Never within the caller's call: that may be the delivery of an earlier read, and must end before the next.
        let confined = LoopConfined(self)
        self.loop.execute { confined.object?.readOn() }
    }

    private func readOn() {
        guard !self.paused else { return }
        if let handle = unsafe self.handle { unsafe freshet_socket_resume(handle) }
    }

    /// Ends the socket once everything written has gone out.
    func finish() {
        self.closeWhenSent = true
        if self.output.isEmpty { self.close() }
    }

    /// Ends the socket now; `socketEnded` follows.
    func close() {
        if let handle = unsafe self.handle { unsafe freshet_socket_close(handle) }
    }

    // MARK: - What C calls

    private static let handlers = unsafe freshet_socket_handlers(
        phase: { context, phase in
            if let phase = Phase(rawValue: phase) { unsafe Socket.from(context).owner?.socketReached(phase) }
        },
        responded: { context, status in
            unsafe Socket.from(context).owner?.socketResponded(status: Int(status)) ?? false
        },
        buffer: { context, capacity in unsafe Socket.from(context).nextBuffer(capacity) },
        received: { context, bytes, count in
            unsafe Socket.from(context).received(UnsafeRawBufferPointer(start: bytes, count: count))
        },
        writable: { context in unsafe Socket.from(context).flush() },
        ended: { context, end in
            let socket = unsafe Unmanaged<Socket>.fromOpaque(context).takeRetainedValue()
            unsafe socket.ended(end.pointee)
        }
    )

    private static func from(_ context: UnsafeMutableRawPointer) -> Socket {
        unsafe Unmanaged<Socket>.fromOpaque(context).takeUnretainedValue()
    }

    private func nextBuffer(_ capacity: UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<UInt8>? {
        guard !self.paused else { return nil }
        // Reading comes before writing in libwebsockets, so under a flood what waits to go out would wait for ever: every
        // second turn is left to it. Never more than one, or two peers that both write could wait for each other (B 4).
        self.leftTurn = !self.output.isEmpty && !self.leftTurn
        if self.leftTurn {
            let confined = LoopConfined(self)
            self.loop.execute { confined.object?.readOn() }
            return nil
        }
        let memory = unsafe self.loop.scratch.prepare()
        unsafe capacity.pointee = memory.count
        return unsafe memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        self.bytesReceived += UInt64(bytes.count)
        let chunk = unsafe self.loop.scratch.chunk(for: bytes)
        self.owner?.socketReceived(ByteSlice(chunk))
        // Under a flood the writable call starves, so what waits goes out from here as well (A 0 e).
        if !self.output.isEmpty { self.flush() }
    }

    private func ended(_ end: freshet_socket_end) {
        unsafe self.handle = nil
        let end = SocketEnd(
            kind: SocketEnd.Kind(rawValue: unsafe end.kind) ?? .reset,
            errorNumber: unsafe end.error_number,
            verifyError: unsafe end.verify_error,
            detail: unsafe String(cString: end.detail)
        )
        self.tellEnd(end)
    }

    private func tellEnd(_ end: SocketEnd) {
        let owner = self.owner
        self.owner = nil
        owner?.socketEnded(end)
    }
}
