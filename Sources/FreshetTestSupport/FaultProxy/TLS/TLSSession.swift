// SPDX-License-Identifier: Apache-2.0

import CFreshetTLS

/// The server's side of TLS on one connection: bytes of TLS on one side, what they say on the other. Lives on the proxy's thread.
@safe
final class TLSSession {
    enum State {
        case handshake, open
        /// The client has said that it sends no more.
        case ended
        case failed
    }

    // Proof for `unsafe` and @safe: it is taken over in `init` and freed in `deinit` only, and handed to nobody; each call is given
    // arrays that live through it, and their true sizes.
    private let handle: OpaquePointer

    @unsafe
    init(taking handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe freshet_tls_session_destroy(self.handle) }

    var state: State {
        switch unsafe freshet_tls_session_state(self.handle) {
        case FRESHET_TLS_OPEN: .open
        case FRESHET_TLS_ENDED: .ended
        case FRESHET_TLS_FAILED: .failed
        default: .handshake
        }
    }

    /// Why it has failed, in OpenSSL's words.
    var failure: String { unsafe String(cString: freshet_tls_session_failure(self.handle)) }

    /// Takes what has come from the client, and goes on with the handshake: what the client says by it.
    func read(_ bytes: [UInt8]) -> [UInt8] {
        _ = unsafe freshet_tls_session_feed(self.handle, bytes, bytes.count)
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe freshet_tls_session_read(self.handle, &buffer, buffer.count)
            if count == 0 { return all }
            all += buffer.prefix(count)
        }
    }

    /// Encrypts it, to be taken by `takeOutput`; false when nothing can be said any more.
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return unsafe freshet_tls_session_write(self.handle, bytes, bytes.count)
    }

    /// What is to be sent to the client.
    func takeOutput() -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe freshet_tls_session_take(self.handle, &buffer, buffer.count)
            if count == 0 { return all }
            all += buffer.prefix(count)
        }
    }

    /// Says that nothing more will come.
    func end() { unsafe freshet_tls_session_end(self.handle) }

    /// Breaks it off with a fatal alert.
    func alert() { unsafe freshet_tls_session_alert(self.handle) }
}
