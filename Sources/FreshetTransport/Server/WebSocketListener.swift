// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
package import FreshetCore

/// Accepts WebSockets on 127.0.0.1, by libwebsockets' own server role: for tests. Lives on its loop's thread.
@safe
package final class WebSocketListener {
    private let handle: OpaquePointer
    private let accept: Accept

    /// What C knows: kept until the process ends, because libwebsockets may still ask after a listener was closed.
    private final class Accept {
        /// Nil once closed.
        var accepted: ((WebSocketPeer) -> Void)?

        init(_ accepted: @escaping (WebSocketPeer) -> Void) { self.accepted = accepted }
    }

    /// Listens; port 0 takes a free one. `certificate` and `key` are PEM files.
    package init(
        loop: EventLoop,
        port: Int,
        subprotocol: String,
        certificate: String? = nil,
        key: String? = nil,
        accepted: @escaping (WebSocketPeer) -> Void
    ) throws(FreshetError) {
        let accept = Accept(accepted)
        var reason = [CChar](repeating: 0, count: 256)
        let context = unsafe Unmanaged.passRetained(accept).toOpaque()
        guard let loop = unsafe loop.handle,
            let handle = unsafe freshet_listener_create(
                loop,
                Int32(port),
                subprotocol,
                certificate,
                key,
                WebSocketPeer.handlers,
                context,
                &reason,
                reason.count
            )
        else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw FreshetError(.invalidInput, text.isEmpty ? "the event loop was shut down" : text)
        }
        unsafe self.handle = handle
        self.accept = accept
    }

    package var port: Int { unsafe Int(freshet_listener_port(self.handle)) }

    /// Stops listening. Peers are to be dropped before.
    package func close() {
        self.accept.accepted = nil
        unsafe freshet_listener_destroy(self.handle)
    }

    /// C's call for a new peer; nil refuses it.
    static func accepted(_ context: UnsafeMutableRawPointer, _ peer: WebSocketPeer) -> Bool {
        let accept = unsafe Unmanaged<Accept>.fromOpaque(context).takeUnretainedValue()
        guard let accepted = accept.accepted else { return false }
        accepted(peer)
        return true
    }
}
