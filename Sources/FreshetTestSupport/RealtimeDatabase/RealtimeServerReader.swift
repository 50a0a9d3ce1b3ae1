// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Reads requests of HTTP/1.1, one after another.
struct RealtimeServerReader {
    private let connection: RawConnection
    private var rest: [UInt8] = []

    init(_ connection: RawConnection) { self.connection = connection }

    /// The next one; nil at the end.
    mutating func next() -> RealtimeServerRequest? {
        let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        while self.rest.firstRange(of: end) == nil { guard self.more() else { return nil } }
        guard let mark = self.rest.firstRange(of: end) else { return nil }
        let head = String(decoding: self.rest[..<mark.lowerBound], as: UTF8.self)
        self.rest.removeSubrange(..<mark.upperBound)
        var body: [UInt8] = []
        if let length = RealtimeServerRequest.header("Content-Length", of: head).flatMap({ Int($0) }), length > 0 {
            if RealtimeServerRequest.header("Expect", of: head) != nil {
                self.connection.write("HTTP/1.1 100 Continue\r\n\r\n")
            }
            while self.rest.count < length { guard self.more() else { return nil } }
            body = Array(self.rest.prefix(length))
            self.rest.removeFirst(length)
        }
        return RealtimeServerRequest(head: head, body: body)
    }

    private mutating func more() -> Bool {
        guard let bytes = self.connection.read() else { return false }
        self.rest += bytes
        return true
    }
}
