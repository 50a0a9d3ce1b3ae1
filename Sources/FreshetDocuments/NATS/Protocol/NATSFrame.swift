// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// One message as it lies in what was read: its line, its headers, its value. It is what a subscription's payload is, so that
/// nothing is copied before it is decoded.
package struct NATSFrame: Sendable {
    /// All of it, without the end of line after the value.
    package let bytes: Bytes
    /// The number of the subscription.
    package let sid: UInt64
    private let line: NATSMessageLine
    /// Where what follows the line begins.
    private let body: Int

    init(_ bytes: Bytes, _ line: NATSMessageLine, body: Int) {
        self.bytes = bytes
        self.sid = line.sid
        self.line = line
        self.body = body
    }

    /// Reads a message that was found before. Nil where it is none.
    package init?(parsing bytes: Bytes) {
        let parsed = bytes.withBytes { raw -> (line: NATSMessageLine, body: Int)? in
            guard let end = raw.firstIndex(of: 0x0A) else { return nil }
            let isCRLF = end > 0 && raw[end - 1] == 0x0D
            let line = UnsafeRawBufferPointer(rebasing: raw[..<(isCRLF ? end - 1 : end)])
            guard let line = NATSMessageLine(line), raw.count == end + 1 + line.count else { return nil }
            return (line, end + 1)
        }
        guard let parsed else { return nil }
        self.init(bytes, parsed.line, body: parsed.body)
    }

    package var subject: Bytes { self.bytes[self.line.subject] }
    package var reply: Bytes? { self.line.reply.map { self.bytes[$0] } }
    package var value: Bytes { self.bytes[self.body + self.line.headerCount..<self.body + self.line.count] }

    /// The headers; nil where there are none, or none that can be read.
    package var headers: NATSHeaders? {
        guard self.line.headerCount > 0 else { return nil }
        return NATSHeaders(parsing: self.bytes[self.body..<self.body + self.line.headerCount])
    }

    /// Whether the server says something by it, instead of handing on what somebody has published.
    package var isStatus: Bool {
        // `NATS/1.0 100 …` and not `NATS/1.0` alone.
        self.line.headerCount > 8 && self.bytes[self.body + 8] == 0x20
    }

    /// Where JetStream says that it stands; nil where it was not JetStream that delivered it.
    package var delivery: NATSDelivery? {
        guard let reply = self.line.reply else { return nil }
        return self.bytes.withBytes { NATSDelivery(UnsafeRawBufferPointer(rebasing: $0[reply])) }
    }
}
