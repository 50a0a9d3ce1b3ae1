// SPDX-License-Identifier: Apache-2.0

import CZlib
package import FreshetCore

/// The sending half of permessage-deflate (RFC 7692 7.2.1).
///
/// Memory: nothing before the first message that is worth compressing, then about 144 KiB with a window of 15 bits.
// Proof for @unchecked: it is handed from the loop to one `Outbox`, which uses it under its lock, one call at a time.
@safe
package final class Deflater: @unchecked Sendable {
    private let agreement: CompressionAgreement
    private var stream: UnsafeMutablePointer<z_stream>?

    /// Nil when the server wants a window of 8 bits, which zlib cannot make: messages are then sent as they are.
    package init?(_ agreement: CompressionAgreement) {
        guard agreement.clientMaxWindowBits >= 9 else { return nil }
        self.agreement = agreement
    }

    deinit {
        guard let stream = unsafe self.stream else { return }
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// The compressed message, without the four bytes that always end it; nil when zlib has no memory.
    package func deflate(_ message: Bytes) -> [UInt8]? {
        if message.count == 0 { return [0x00] }  // zlib makes nothing of nothing (7.2.3.6)
        guard let stream = unsafe self.prepare() else { return nil }
        let result: [UInt8]? = unsafe message.withBytes { input in
            // zlib reads the input only; its type just does not say so.
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
            )
            unsafe stream.pointee.avail_in = UInt32(input.count)
            let bound = unsafe Int(deflateBound(stream, UInt(input.count))) + 16
            var failed = false
            var output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(buffer.count)
                failed = unsafe CZlib.deflate(stream, Z_SYNC_FLUSH) != Z_OK || stream.pointee.avail_in > 0
                count = unsafe buffer.count - Int(stream.pointee.avail_out)
            }
            guard !failed, output.count >= 4 else { return nil }
            output.removeLast(4)
            return output
        }
        if self.agreement.clientNoContextTakeover || result == nil { unsafe deflateReset(stream) }
        return result
    }

    private func prepare() -> UnsafeMutablePointer<z_stream>? {
        if let stream = unsafe self.stream { return unsafe stream }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let bits = -Int32(self.agreement.clientMaxWindowBits)
        guard unsafe freshet_deflate_init(stream, Z_DEFAULT_COMPRESSION, bits, 5) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
        unsafe self.stream = stream
        return unsafe stream
    }
}
