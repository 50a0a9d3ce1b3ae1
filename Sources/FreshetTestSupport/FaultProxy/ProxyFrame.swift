// SPDX-License-Identifier: Apache-2.0

/// A frame on its way, whatever is wrong with it: `FrameParser` refuses what a proxy has to pass on.
struct ProxyFrame: Sendable {
    /// As it came.
    let bytes: [UInt8]
    /// Without its mask.
    let payload: [UInt8]

    /// FIN, the reserved bits and the opcode.
    var first: UInt8 { self.bytes.first ?? 0 }
    var opcode: UInt8 { self.first & 0x0F }
    var isControl: Bool { self.first & 0x08 != 0 }

    func contains(_ text: String) -> Bool { self.payload.contains(Array(text.utf8)) }

    /// The beginning of a text frame's payload; nil for other frames, and where nothing is to be kept.
    func text(limit: Int) -> String? {
        guard limit > 0, self.opcode == 0x1 else { return nil }
        return String(decoding: self.payload.prefix(limit), as: UTF8.self)
    }

    /// The largest frame that is looked at.
    static let limit = 16 << 20

    enum Parsed {
        case frame(ProxyFrame)
        /// Its end has not come yet.
        case incomplete
        case tooLarge
    }

    /// The frame at the beginning of some bytes (RFC 6455 5.2).
    static func parse(_ bytes: ArraySlice<UInt8>) -> Parsed {
        guard bytes.count >= 2 else { return .incomplete }
        let start = bytes.startIndex
        let second = bytes[start + 1]
        let isMasked = second & 0x80 != 0
        var length = UInt64(second & 0x7F)
        var size = 2
        if length >= 126 {
            size = length == 126 ? 4 : 10
            guard bytes.count >= size else { return .incomplete }
            length = bytes[start + 2..<start + size].reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard length <= UInt64(self.limit) else { return .tooLarge }
        if isMasked { size += 4 }
        let end = start + size + Int(length)
        guard bytes.endIndex >= end else { return .incomplete }
        var payload = Array(bytes[start + size..<end])
        if isMasked {
            let mask = Array(bytes[start + size - 4..<start + size])
            for index in payload.indices { payload[index] ^= mask[index & 3] }
        }
        return .frame(ProxyFrame(bytes: Array(bytes[start..<end]), payload: payload))
    }
}
