// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a frame carries (RFC 6455 5.2).
package enum Opcode: UInt8, Sendable {
    case continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA

    package var isControl: Bool { self.rawValue & 0x8 != 0 }
}

/// The first 2 to 10 bytes of a server's frame (RFC 6455 5.2).
package struct FrameHeader: Sendable, Equatable {
    package let final: Bool
    /// RSV1: the message is compressed (RFC 7692 6).
    package let compressed: Bool
    package let opcode: Opcode
    package let length: Int

    /// The header at the beginning of `bytes`, with its size; nil when it is not complete yet.
    static func parse(_ bytes: Bytes, compression: Bool) throws(WebSocketFailure) -> (Self, size: Int)? {
        guard bytes.count >= 1 else { return nil }
        let first = bytes[0]
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw .protocolError("a frame has the reserved opcode \(first & 0x0F)")
        }
        let mayBeCompressed = compression && (opcode == .text || opcode == .binary)
        guard first & (mayBeCompressed ? 0x30 : 0x70) == 0 else {
            throw .protocolError("a frame has a reserved bit set")
        }
        let final = first & 0x80 != 0
        guard bytes.count >= 2 else { return nil }
        let second = bytes[1]
        guard second & 0x80 == 0 else { throw .protocolError("the server masked a frame") }
        let short = Int(second & 0x7F)
        guard !opcode.isControl || (final && short <= 125) else {
            throw .protocolError("a control frame is fragmented or longer than 125 bytes")
        }
        let size = short < 126 ? 2 : short == 126 ? 4 : 10
        guard bytes.count >= size else { return nil }
        var length = UInt64(short)
        if size > 2 {
            length = 0
            for offset in 2..<size { length = length << 8 | UInt64(bytes[offset]) }
            guard length >= (size == 4 ? 126 : 65536) else {
                throw .protocolError("a frame's length is not in its shortest form")
            }
        }
        guard let length = Int(exactly: length) else {
            throw .protocolError("a frame's length has its highest bit set")
        }
        return (Self(final: final, compressed: first & 0x40 != 0, opcode: opcode, length: length), size)
    }
}
