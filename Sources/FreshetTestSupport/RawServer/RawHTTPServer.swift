// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A `RawServer` that reads requests of HTTP/1.1, one after another on each connection, and answers with whatever bytes a
/// test wants.
package final class RawHTTPServer: Sendable {
    package struct Request: Sendable {
        /// `GET /path HTTP/1.1`, and the header lines.
        package let head: String
        package let body: String
        /// Of the connections, from 1.
        package let connection: Int

        package var method: String { String(self.head.prefix { $0 != " " }) }
        package var path: String { String(self.head.split(separator: " ")[1]) }

        /// The value of a header field; the first of several.
        package func header(_ name: String) -> String? {
            self.head.split(separator: "\r\n").dropFirst().first {
                $0.lowercased().hasPrefix("\(name.lowercased()):")
            }.map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
    }

    /// What becomes of a request.
    package enum Answer: Sendable {
        /// These bytes, and the connection is kept.
        case bytes(String)
        /// These bytes, and the connection is ended.
        case last(String)
        /// Whatever the function does; then the connection is ended.
        case script(@Sendable (RawConnection) -> Void)
    }

    private let server: RawServer
    private let received: Locked<[Request]>
    private let connectionCount: Locked<Int>

    /// - Parameters:
    ///   - keepsRequests: whether they can be looked at later; one that runs for hours has no room for that.
    ///   - answer: what becomes of a request; `number` counts those that are kept.
    /// - Throws: `.invalidInput` when there is no port.
    package init(
        keepsRequests: Bool = true,
        _ answer: @escaping @Sendable (_ request: Request, _ number: Int) -> Answer
    ) throws(FreshetError) {
        let received = Locked<[Request]>([])
        let connections = Locked(0)
        self.received = received
        self.connectionCount = connections
        self.server = try RawServer { connection in
            let place = connections.withLock { count in
                count += 1
                return count
            }
            var rest = ""
            while let request = Self.read(connection, &rest, place) {
                let number = received.withLock { requests in
                    if keepsRequests { requests.append(request) }
                    return requests.count
                }
                switch answer(request, number) {
                case .bytes(let text): connection.write(text)
                case .last(let text): return connection.write(text)
                case .script(let script): return script(connection)
                }
            }
        }
    }

    package var requests: [Request] { self.received.withLock { $0 } }
    package var connections: Int { self.connectionCount.withLock { $0 } }
    package var url: String { "http://127.0.0.1:\(self.server.port)" }
    package var port: Int { self.server.port }

    package func stop() { self.server.stop() }

    /// An answer with a length.
    package static func answer(_ status: String = "200 OK", _ headers: String = "", body: String = "") -> Answer {
        .bytes("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private static func read(_ connection: RawConnection, _ rest: inout String, _ place: Int) -> Request? {
        func more() -> Bool {
            guard let bytes = connection.read() else { return false }
            rest += String(decoding: bytes, as: UTF8.self)
            return true
        }
        while !rest.contains("\r\n\r\n") { guard more() else { return nil } }
        let parts = rest.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = String(parts[0])
        rest = String(parts[1])
        let request = Request(head: head, body: "", connection: place)
        if let length = request.header("content-length").flatMap({ Int($0) }) {
            while rest.utf8.count < length { guard more() else { return nil } }
        } else if request.header("transfer-encoding") != nil {
            while !rest.hasSuffix("0\r\n\r\n") { guard more() else { return nil } }
            rest = Self.unchunked(rest)
        }
        defer { rest = "" }
        return Request(head: head, body: rest, connection: place)
    }

    /// The body of chunks (RFC 9112 7.1) that are all there.
    private static func unchunked(_ text: String) -> String {
        var rest = text.utf8[...]
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0D),
            let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16),
            size > 0
        {
            rest = rest[end...].dropFirst(2)
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return String(decoding: body, as: UTF8.self)
    }
}
