// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FoundationEssentials

/// Asks a proxy that has refused us why: a CONNECT of our own, of which only the status counts.
final class ProxyProbe: Socket.Owner {
    private let proxy: Proxy
    private let address: String
    private let endpoint: Endpoint
    private let loop: EventLoop
    private let completion: (FreshetError) -> Void
    private var socket: Socket?
    /// Whether there is an answer, or nobody wants one any more.
    private var over = false

    init(
        _ proxy: Proxy,
        at address: String,
        for endpoint: Endpoint,
        on loop: EventLoop,
        completion: @escaping (FreshetError) -> Void
    ) {
        self.proxy = proxy
        self.address = address
        self.endpoint = endpoint
        self.loop = loop
        self.completion = completion
    }

    func start() throws(FreshetError) {
        let host = self.endpoint.host
        let name = "\(host.contains(":") ? "[\(host)]" : host):\(self.endpoint.port)"
        var request = "CONNECT \(name) HTTP/1.1\r\nHost: \(name)\r\n"
        if let credentials = self.proxy.credentials {
            request += "Proxy-Authorization: Basic \(Data(credentials.utf8).base64EncodedString())\r\n"
        }
        let route = unsafe Socket.Route(
            address: self.address,
            port: self.proxy.port,
            serverName: self.proxy.host,
            host: try self.loop.host(for: HostKey())
        )
        let socket = Socket(loop: self.loop, owner: self)
        self.socket = socket
        socket.connect(to: route, request: Array(request.utf8))
    }

    /// Nobody wants to know any more.
    func abandon() {
        self.over = true
        self.socket?.close()
    }

    func socketReached(_ phase: Socket.Phase) {
        guard self.over else { return }
        // A close that met the connection's success was lost (B 5).
        let confined = LoopConfined(self)
        self.loop.execute { confined.object?.socket?.close() }
    }

    func socketReceived(_ bytes: Bytes) {}

    func socketResponded(status: Int) -> Socket.Response {
        self.complete(self.error(for: status))
        return .refuse
    }

    func socketEnded(_ end: SocketEnd) {
        self.socket = nil
        self.complete(FreshetError(.unreachable, "the proxy \(self.proxy) ended the connection"))
    }

    private func complete(_ error: FreshetError) {
        guard !self.over else { return }
        self.over = true
        self.completion(error)
    }

    private func error(for status: Int) -> FreshetError {
        switch status {
        case 401, 407:  // tinyproxy says 401 for wrong ones
            FreshetError(
                .proxyRefused(status: status),
                "the proxy \(self.proxy) wants \(self.proxy.user == nil ? "credentials" : "other credentials") (HTTP \(status))",
                hint: "give them in the proxy's URL: http://user:password@host:port"
            )
        case 403:
            FreshetError(
                .proxyRefused(status: status),
                "the proxy \(self.proxy) does not allow connections to \(self.endpoint.authority) (HTTP 403)",
                hint: "many allow port 443 only"
            )
        case 200...299:
            // Not to be told apart from here: libwebsockets wants the whole answer in one read, with a reason phrase.
            FreshetError(.unreachable, "the proxy \(self.proxy) answered in a form that libwebsockets cannot read")
        default:
            FreshetError(
                .proxyRefused(status: status),
                "the proxy \(self.proxy) did not connect us to \(self.endpoint.authority) (HTTP \(status))"
            )
        }
    }
}
