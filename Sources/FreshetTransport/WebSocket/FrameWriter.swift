// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Makes a client's frames, masked (RFC 6455 5.2, 5.3).
package enum FrameWriter {
    /// The most that a header takes.
    static let headerLimit = 14

    /// Appends a frame to `output`. `mask` must be unpredictable for each frame.
    package static func append(
        _ opcode: Opcode,
        final: Bool = true,
        compressed: Bool = false,
        _ payload: UnsafeRawBufferPointer,
        mask: UInt32,
        to output: inout [UInt8]
    ) {
        let count = payload.count
        output.append((final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode.rawValue)
        switch count {
        case ..<126:
            output.append(0x80 | UInt8(count))
        case ..<65536:
            output.append(0x80 | 126)
            output.append(UInt8(count >> 8))
            output.append(UInt8(count & 0xFF))
        default:
            output.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) { output.append(UInt8(count >> shift & 0xFF)) }
        }
        for shift in stride(from: 24, through: 0, by: -8) { output.append(UInt8(mask >> shift & 0xFF)) }
        let start = output.count
        unsafe output.append(contentsOf: payload)
        unsafe output.withUnsafeMutableBytes { output in
            unsafe Self.xor(UnsafeMutableRawBufferPointer(rebasing: output[start...]), with: mask)
        }
    }

    /// Masks in place: 32 bytes a step, then one.
    private static func xor(_ bytes: UnsafeMutableRawBufferPointer, with mask: UInt32) {
        // Proof for `unsafe`: every access lies within `bytes`, and any bits are integers.
        let key = mask.bigEndian
        let block = SIMD8<UInt32>(repeating: key)
        var position = 0
        while bytes.count - position >= 32 {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: position, as: SIMD8<UInt32>.self)
            unsafe bytes.storeBytes(of: word ^ block, toByteOffset: position, as: SIMD8<UInt32>.self)
            position += 32
        }
        while bytes.count - position >= 4 {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            unsafe bytes.storeBytes(of: word ^ key, toByteOffset: position, as: UInt32.self)
            position += 4
        }
        var rest = mask
        while position < bytes.count {
            unsafe bytes[position] ^= UInt8(rest >> 24)
            rest <<= 8
            position += 1
        }
    }

    /// One whole frame.
    package static func frame(_ opcode: Opcode, _ payload: Bytes, mask: UInt32) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(payload.count + Self.headerLimit)
        unsafe payload.withBytes { unsafe Self.append(opcode, $0, mask: mask, to: &output) }
        return output
    }
}
