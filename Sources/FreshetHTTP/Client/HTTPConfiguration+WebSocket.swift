// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport
import HTTPTypes

extension HTTPConfiguration {
    /// Header fields, TLS, proxy, redirects and the limit of a WebSocket, for requests to the same server.
    ///
    /// - Parameter webSocket: how the WebSocket connects.
    /// - Throws: `.invalidInput` for a header that cannot be sent.
    public init(_ webSocket: WebSocketConfiguration) throws(FreshetError) {
        self.init()
        self.tls = webSocket.tls
        self.proxy = webSocket.proxy
        self.redirects = webSocket.redirects
        self.timeouts.connect = webSocket.deadline
        self.limits.body = webSocket.messageLimit
        for header in webSocket.headers {
            try header.check()
            if let name = HTTPField.Name(header.name) {
                self.headers.append(HTTPField(name: name, value: header.value))
            }
        }
    }
}
