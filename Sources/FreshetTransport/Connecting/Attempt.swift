// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One address of a `Dialer`'s race, and from the moment that it has won the whole way to the response.
final class Attempt: Socket.Owner {
    let index: Int
    let address: String
    private(set) var socket: Socket?
    private let loop: EventLoop
    private weak var dialer: Dialer?
    private var abandoned = false

    init(_ index: Int, address: String, of dialer: Dialer, on loop: EventLoop) {
        self.index = index
        self.address = address
        self.dialer = dialer
        self.loop = loop
    }

    func connect(to route: Socket.Route, request: [UInt8]) {
        let socket = Socket(loop: self.loop, owner: self)
        self.socket = socket
        socket.connect(to: route, request: request)
    }

    /// Nobody wants it any more.
    func abandon() {
        self.abandoned = true
        self.dialer = nil
        self.socket?.close()
    }

    func socketReached(_ phase: Socket.Phase) {
        guard self.abandoned else { self.dialer?.attempt(self, reached: phase); return }
        // A close that met the connection's success was lost (B 5).
        let confined = LoopConfined(self)
        self.loop.execute { confined.object?.socket?.close() }
    }

    func socketResponded(status: Int) -> Socket.Response {
        guard let dialer = self.dialer, let socket = self.socket else { return .refuse }
        return dialer.attempt(self, responded: status) { socket.header($0) }
    }

    func socketReceived(_ bytes: Bytes) {
        self.dialer?.attempt(self, received: bytes)
    }

    func socketEnded(_ end: SocketEnd) {
        self.socket = nil
        self.dialer?.attempt(self, ended: end)
    }
}
