// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
package import FreshetCore

/// One accepted WebSocket of a `WebSocketListener`. Lives on its loop's thread.
@safe
package final class WebSocketPeer {
    package let subprotocol: String
    package var onMessage: (Bytes) -> Void = { _ in }
    /// There is room to send.
    package var onWritable: () -> Void = {}
    package var onClosed: () -> Void = {}

    /// Nil once closed.
    private var handle: OpaquePointer?
    private var partial: [UInt8] = []

    private init(_ handle: OpaquePointer, subprotocol: String) {
        unsafe self.handle = handle
        self.subprotocol = subprotocol
    }

    package var isOpen: Bool { unsafe self.handle != nil }

    package var canSend: Bool {
        guard let handle = unsafe self.handle else { return false }
        return unsafe freshet_peer_can_write(handle)
    }

    /// Sends a text message now; only while `canSend`.
    package func send(_ text: [UInt8]) {
        guard let handle = unsafe self.handle else { return }
        _ = unsafe freshet_peer_send(handle, text, text.count)
    }

    package func wantWritable() {
        if let handle = unsafe self.handle { unsafe freshet_peer_want_writable(handle) }
    }

    /// Switches reading off and on: a peer that is not read gets no pongs either.
    package func read(_ on: Bool) {
        if let handle = unsafe self.handle { unsafe freshet_peer_read(handle, on) }
    }

    /// Sends a close frame.
    package func close(code: UInt16, reason: String) {
        if let handle = unsafe self.handle { unsafe freshet_peer_close(handle, Int32(code), reason) }
    }

    /// Cuts the connection without a word. Not from within a call of this peer.
    package func drop() {
        if let handle = unsafe self.handle { unsafe freshet_peer_drop(handle) }
    }

    // MARK: - What C calls

    static let handlers = unsafe freshet_peer_handlers(
        accepted: { context, handle, subprotocol in
            let peer = unsafe WebSocketPeer(handle, subprotocol: String(cString: subprotocol))
            unsafe WebSocketListener.accepted(context, peer)
            return unsafe Unmanaged.passRetained(peer).toOpaque()  // released in `closed`
        },
        message: { context, bytes, count, final in
            unsafe WebSocketPeer.from(context)?.received(UnsafeRawBufferPointer(start: bytes, count: count), final)
        },
        writable: { context in unsafe WebSocketPeer.from(context)?.onWritable() },
        closed: { context in
            guard let peer = unsafe WebSocketPeer.from(context) else { return }
            unsafe peer.handle = nil
            peer.onClosed()
            peer.onMessage = { _ in }
            peer.onWritable = {}
            peer.onClosed = {}
            unsafe Unmanaged.passUnretained(peer).release()
        }
    )

    private static func from(_ context: UnsafeMutableRawPointer?) -> WebSocketPeer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<WebSocketPeer>.fromOpaque(context).takeUnretainedValue()
    }

    private func received(_ bytes: UnsafeRawBufferPointer, _ final: Bool) {
        unsafe self.partial.append(contentsOf: bytes)
        guard final else { return }
        let message = Bytes(copying: self.partial)
        self.partial = []
        self.onMessage(message)
    }
}
