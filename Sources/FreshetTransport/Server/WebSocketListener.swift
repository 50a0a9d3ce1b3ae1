// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
package import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Accepts WebSockets on 127.0.0.1, by libwebsockets' own server role: for tests. One for each loop, on its thread.
@safe
package final class WebSocketListener {
    private let handle: OpaquePointer

    /// What C knows; lives as long as the loop, which may outlive the listener.
    private final class Accept {
        let accepted: (WebSocketPeer) -> Void
        init(_ accepted: @escaping (WebSocketPeer) -> Void) { self.accepted = accepted }
    }

    /// Prepares to listen; `certificate` and `key` are PEM files.
    package init(
        loop: EventLoop,
        subprotocol: String,
        certificate: String? = nil,
        key: String? = nil,
        accepted: @escaping (WebSocketPeer) -> Void
    ) throws(FreshetError) {
        let accept = Accept(accepted)
        loop.keep(accept)
        let context = unsafe Unmanaged.passUnretained(accept).toOpaque()
        guard let loopHandle = unsafe loop.handle,
            let handle = unsafe freshet_listener_create(
                loopHandle,
                subprotocol,
                certificate,
                key,
                WebSocketPeer.handlers,
                context
            )
        else {
            throw FreshetError(.invalidInput, "the certificate or its key cannot be used", hint: "both are PEM files")
        }
        unsafe self.handle = handle
    }

    /// Listens; port 0 takes a free one. Returns the port.
    package func start(port: Int) throws(FreshetError) -> Int {
        let result = unsafe Int(freshet_listener_start(self.handle, Int32(port)))
        guard result < 0 else { return result }
        let reason = unsafe String(cString: strerror(Int32(-result)))
        throw FreshetError(.invalidInput, "cannot listen on 127.0.0.1:\(port): \(reason)", hint: "choose another port")
    }

    /// Stops listening at once; peers stay.
    package func stop() {
        unsafe freshet_listener_stop(self.handle)
    }

    /// C's call for a new peer.
    static func accepted(_ context: UnsafeMutableRawPointer, _ peer: WebSocketPeer) {
        unsafe Unmanaged<Accept>.fromOpaque(context).takeUnretainedValue().accepted(peer)
    }
}
