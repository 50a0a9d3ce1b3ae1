// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension Socket {
    /// What a socket tells its owner, on the loop's thread. `ended` comes exactly once, as the last.
    protocol Owner: AnyObject {
        func socketReached(_ phase: Phase)
        /// The response's headers are in; `socket.header(_:)` works during this call only.
        func socketResponded(status: Int) -> Response
        func socketReceived(_ bytes: Bytes)
        func socketEnded(_ end: SocketEnd)
        /// Where the next bytes are wanted, nil: anywhere. `socketFilledRoom` tells how many came.
        func socketRoom() -> UnsafeMutableRawBufferPointer?
        func socketFilledRoom(_ count: Int)
        /// The next bytes to send; after nil, `flush()` is called when there are some.
        func socketNextOutput() -> [UInt8]?
    }
}

/// Only an open WebSocket has a say in these.
extension Socket.Owner {
    func socketRoom() -> UnsafeMutableRawBufferPointer? { nil }
    func socketFilledRoom(_ count: Int) {}
    func socketNextOutput() -> [UInt8]? { nil }
}
