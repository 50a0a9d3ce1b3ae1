// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Makes a client's frames: whole, masked (RFC 6455 5.3).
package enum FrameWriter {
    /// The frame for `payload`, masked with `mask`, which must be unpredictable for each frame.
    package static func frame(_ opcode: Opcode, _ payload: ByteSlice, mask: UInt32) -> [UInt8] {
        let count = payload.count
        var frame: [UInt8] = []
        frame.reserveCapacity(count + 14)
        frame.append(0x80 | opcode.rawValue)
        switch count {
        case ..<126:
            frame.append(0x80 | UInt8(count))
        case ..<65536:
            frame.append(0x80 | 126)
            frame.append(contentsOf: [UInt8(count >> 8), UInt8(count & 0xFF)])
        default:
            frame.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) { frame.append(UInt8(count >> shift & 0xFF)) }
        }
        let key = [UInt8(mask >> 24), UInt8(mask >> 16 & 0xFF), UInt8(mask >> 8 & 0xFF), UInt8(mask & 0xFF)]
        frame.append(contentsOf: key)
        for index in 0..<count { frame.append(payload[index] ^ key[index & 3]) }
        return frame
    }
}
