// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetHTTP
import HTTPTypes

/// A `FirestoreStandIn` on 127.0.0.1, by HTTP/1.1: for clients with sockets, and proxies between them.
package final class FirestoreStandInServer: Sendable {
    package let standIn: FirestoreStandIn
    private let server: RawHTTPServer

    /// Starts it on a free port.
    ///
    /// - Parameter standIn: who answers.
    /// - Throws: `.invalidInput` when there is no port.
    package init(_ standIn: FirestoreStandIn) throws(FreshetError) {
        self.standIn = standIn
        self.server = try RawHTTPServer(keepsRequests: false) { request, _ in Self.answer(request, standIn) }
    }

    package var url: String { self.server.url }
    package func stop() { self.server.stop() }

    private static func answer(_ request: RawHTTPServer.Request, _ standIn: FirestoreStandIn) -> RawHTTPServer.Answer {
        let method = HTTPRequest.Method(request.method) ?? .get
        var call = HTTPCall(
            HTTPRequest(method: method, scheme: "http", authority: "stand-in", path: request.path),
            body: HTTPBody(request.body.utf8)
        )
        call.allowsHTTP2 = false
        guard case .success(let reply) = standIn.answer(call) else { return .last("") }
        let status = "\(reply.response.status.code) \(reply.response.status.reasonPhrase)"
        let headers = reply.response.headerFields.map { "\($0.name): \($0.value)\r\n" }.joined()
        if let body = reply.body.bytes { return RawHTTPServer.answer(status, headers, body: body.text) }
        return .script { connection in Self.pass(reply.body, "\(status)\r\n\(headers)", to: connection) }
    }

    /// Passes on what comes until it ends, breaks off, or nobody listens any more.
    private static func pass(_ body: HTTPBody, _ head: String, to connection: RawConnection) {
        let peer = RealtimeServerPeer(connection)
        let head = "HTTP/1.1 \(head)Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        peer.write(Array(head.utf8))
        // What it writes is little; where the kernel takes no more it waits until the connection has gone.
        let task = Task {
            do {
                for try await bytes in body {
                    peer.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes.array + [0x0D, 0x0A])
                }
                peer.write(Array("0\r\n\r\n".utf8))
            } catch {
                // The end of the connection says that it was not complete.
            }
            peer.cut()
        }
        connection.readToEnd()
        task.cancel()
        peer.cut()
    }
}
