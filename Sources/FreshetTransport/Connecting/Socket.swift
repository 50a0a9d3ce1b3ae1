// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

/// One tunnel to one address (design D1): a request goes out, a response's headers come in, then bytes both ways.
///
/// Lives on the loop's thread; C keeps it alive from `connect` until it has ended.
@safe
final class Socket {
    enum Phase: Int32 {
        case tls = 1
        case response = 2
    }

    /// What to do with a response.
    enum Response: Int32 {
        case refuse = 0
        /// Keep the socket as a tunnel.
        case tunnel = 1
        /// Read its body, then end.
        case body = 2
    }

    /// Where a socket goes.
    @safe
    struct Route {
        /// Numeric, or `+` and the path of a Unix domain socket. With a proxy: the name that it is asked for.
        let address: String
        let port: Int
        /// For SNI and the certificate.
        let serverName: String
        let host: OpaquePointer
    }

    private let loop: EventLoop
    /// Kept alive until the socket has ended, which breaks the ring.
    private var owner: (any Owner)?
    private var handle: OpaquePointer?
    /// The block that is being sent, as far as `sent`.
    private var output: [UInt8] = []
    private var sent = 0
    /// Whether the kernel took less than there was.
    private var blocked = false
    private var paused = false
    private var closeWhenSent = false
    /// Whether a write has failed: nothing more is written.
    private var isBroken = false
    /// Whether something was read since that was last asked.
    private var hasRead = false
    /// Whether the last turn to read was left to writing.
    private var leftTurn = false
    /// During a flood; otherwise the loop's is used.
    private var largeBuffer: ReadBuffer?

    init(loop: EventLoop, owner: any Owner) {
        self.loop = loop
        self.owner = owner
    }

    /// Another owner takes over, as soon as the upgrade is through.
    func handOver(to owner: any Owner) {
        self.owner = owner
    }

    /// Connects and sends `request`, which ends before its empty line.
    func connect(to route: Route, request: [UInt8]) {
        guard let loop = unsafe self.loop.handle else {
            return self.tellEnd(SocketEnd(kind: .loopStopped, errorNumber: 0, verifyError: 0, detail: ""))
        }
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()  // released in `ended`
        let handle = unsafe route.address.withCString { address in
            unsafe route.serverName.withCString { name in
                unsafe request.withUnsafeBufferPointer { bytes -> OpaquePointer? in
                    guard let base = bytes.baseAddress else { return nil }
                    let what = unsafe freshet_connect(
                        address: address,
                        port: Int32(route.port),
                        server_name: name,
                        host: route.host,
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

    /// Whether the server asked for a client certificate, and there was none.
    var certificateWanted: Bool {
        guard let handle = unsafe self.handle else { return false }
        return unsafe freshet_socket_certificate_wanted(handle)
    }

    // MARK: - Sending

    /// Sends what the owner has, as far as the kernel takes it.
    func flush() {
        guard let handle = unsafe self.handle else { return }
        while !self.isBroken, let count = self.nextPiece() {
            self.blocked = unsafe !freshet_socket_can_write(handle)
            guard !self.blocked else { return unsafe freshet_socket_want_writable(handle) }
            let written = unsafe self.output[self.sent..<self.sent + count].withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return true }
                return unsafe freshet_socket_write(handle, base, bytes.count)
            }
            guard written else {
                self.breakOff()
                break
            }
            self.sent += count
        }
        self.blocked = false
        if self.closeWhenSent { self.close() }
    }

    /// A write failed. What the peer has sent before, perhaps why it went, may still be there: it is read before the end.
    private func breakOff() {
        self.isBroken = true
        self.output = []
        self.sent = 0
        self.readOnSoon()
    }

    /// Whether all that was taken from the owner is the kernel's.
    var isFlushed: Bool {
        guard self.sent == self.output.count else { return false }
        guard let handle = unsafe self.handle else { return true }
        return unsafe freshet_socket_can_write(handle)
    }

    /// How many bytes of that the peer has not taken; what libwebsockets holds back is not known.
    var untaken: Int {
        guard let handle = unsafe self.handle else { return 0 }
        return unsafe self.output.count - self.sent + freshet_socket_untaken(handle)
    }

    /// How many bytes to send next; nil when there are none.
    private func nextPiece() -> Int? {
        if self.sent == self.output.count {
            self.output = self.owner?.socketNextOutput() ?? []
            self.sent = 0
            if self.output.isEmpty { return nil }
        }
        return min(self.output.count - self.sent, OutputQueue.blockSize)
    }

    // MARK: - Reading, closing

    /// Stops pulling: what comes then stays in the kernel, and the peer is held back by TCP.
    func pauseReading() {
        self.paused = true
    }

    func resumeReading() {
        guard self.paused else { return }
        self.paused = false
        self.readOnSoon()
    }

    /// Never within the caller's call: that may be the delivery of an earlier read, and must end before the next.
    private func readOnSoon() {
        let confined = LoopConfined(self)
        self.loop.execute { confined.object?.readOn() }
    }

    private func readOn() {
        guard !self.paused, let handle = unsafe self.handle else { return }
        self.hasRead = false
        unsafe freshet_socket_resume(handle)
        guard self.isBroken else { return }
        guard self.hasRead else { return self.close() }
        _ = self.loop.schedule(after: .zero) { [weak self] in self?.readOn() }
    }

    /// Ends the socket once everything that waits has gone out.
    func finish() {
        self.closeWhenSent = true
        self.flush()
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
            unsafe (Socket.from(context).owner?.socketResponded(status: Int(status)) ?? .refuse).rawValue
        },
        buffer: { context, capacity in unsafe Socket.from(context).nextBuffer(capacity) },
        received: { context, bytes, count in
            unsafe Socket.from(context).received(UnsafeRawBufferPointer(start: bytes, count: count))
        },
        pending: { context in unsafe Socket.from(context).readOnSoon() },
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
        // It was woken by what is to be read.
        self.loop.mayWait = false
        guard !self.paused else { return nil }
        // Reading comes before writing in libwebsockets, so under a flood what waits to go out would wait for ever: every
        // second turn is left to it. Never more than one, or two peers that both write could wait for each other (B 4).
        self.leftTurn = self.blocked && !self.leftTurn
        if self.leftTurn {
            self.readOnSoon()
            return nil
        }
        let memory = unsafe self.owner?.socketRoom() ?? self.prepareBuffer()
        unsafe capacity.pointee = memory.count
        return unsafe memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        self.hasRead = true
        if let room = unsafe self.owner?.socketRoom(), unsafe UnsafeRawPointer(room.baseAddress) == bytes.baseAddress {
            self.owner?.socketFilledRoom(bytes.count)
        } else {
            self.owner?.socketReceived(Bytes(unsafe self.chunk(for: bytes)))
        }
        // Under a flood the writable call starves, so what waits goes out from here as well (A 0 e).
        if self.blocked { self.flush() }
    }

    private func prepareBuffer() -> UnsafeMutableRawBufferPointer {
        unsafe self.largeBuffer?.prepare() ?? self.loop.readBuffer.prepare()
    }

    private func chunk(for bytes: UnsafeRawBufferPointer) -> Chunk {
        let size = self.largeBuffer?.size ?? .small
        let chunk = unsafe self.largeBuffer?.chunk(for: bytes) ?? self.loop.readBuffer.chunk(for: bytes)
        let next = size.next(after: bytes.count)
        if next != size {
            self.largeBuffer?.release()
            self.largeBuffer = next == .small ? nil : ReadBuffer(next, from: self.loop.memory)
        }
        return chunk
    }

    private func ended(_ end: freshet_socket_end) {
        unsafe self.handle = nil
        self.largeBuffer?.release()
        let end = SocketEnd(
            kind: SocketEnd.Kind(rawValue: unsafe end.kind) ?? .reset,
            errorNumber: unsafe end.error_number,
            verifyError: unsafe end.verify_error,
            certificateWanted: unsafe end.certificate_wanted,
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
