// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport
import Testing

/// What a server of WebSockets says to who wants none.
@Suite(.timeLimit(.minutes(1)))
struct PlainHTTPTests {
    @Test(
        "The embedded server answers a request that is no upgrade with 426 at once, and ends the connection",
        arguments: [
            "GET /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"query\":\"{a}\"",
        ]
    )
    func upgradeRequired(_ request: String) async throws {
        let server = try await EmbeddedServer()
        let (bytes, _) = try await ProxyPeer.plain(await server.port) { connection in
            connection.write(request)
            return ProxyPeer.readAll(connection)
        }
        let answer = String(decoding: bytes, as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 426 "))
        #expect(answer.contains("Upgrade: websocket\r\n"))
        #expect(answer.hasSuffix("Subscriptions come over WebSocket, and nothing else is here.\n"))
        await server.shutdown()
    }
}
