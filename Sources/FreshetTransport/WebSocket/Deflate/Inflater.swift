// SPDX-License-Identifier: Apache-2.0

import CZlib
import FreshetCore

/// The receiving half of permessage-deflate (RFC 7692 7.2.2).
///
/// Memory: nothing before the first compressed message, then the window (up to 32 KiB) and about 10 KiB.
@safe
package final class Inflater {
    private let agreement: CompressionAgreement
    /// On the heap because zlib remembers its address; nil until it is needed.
    private var stream: UnsafeMutablePointer<z_stream>?

    package init(_ agreement: CompressionAgreement) {
        self.agreement = agreement
    }

    deinit {
        guard let stream = unsafe self.stream else { return }
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Inflates the next bytes of a message. Stops a bomb as soon as more than `limit` bytes have come out.
    package func inflate(
        _ input: UnsafeRawBufferPointer,
        into output: GrowingBuffer,
        limit: Int
    ) throws(WebSocketFailure) {
        let stream = unsafe try self.prepare()
        // zlib reads the input only; its type just does not say so.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        unsafe stream.pointee.avail_in = UInt32(input.count)
        repeat {
            // One byte more than allowed, so that too much can be told from just enough.
            let most = min(max(4 * input.count, 1024), limit + 1 - output.count, 1 << 20)
            let room = unsafe output.room(atLeast: most)
            unsafe stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(most)
            let status = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
            output.fill(unsafe most - Int(stream.pointee.avail_out))
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            switch status {
            case Z_OK: break
            case Z_BUF_ERROR: return  // all has been taken, and nothing more comes out
            case Z_STREAM_END: unsafe inflateResetKeep(stream)  // a final block; the next one goes on (7.2.3.5)
            default: throw .notDeflate
            }
        } while unsafe stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
    }

    /// The message is complete: its last four bytes are always the same and are not sent (7.2.2).
    package func endMessage(into output: GrowingBuffer, limit: Int) throws(WebSocketFailure) {
        let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
        try unsafe Bytes(copying: tail).withBytes { tail throws(WebSocketFailure) in
            try unsafe self.inflate(tail, into: output, limit: limit)
        }
        if self.agreement.serverNoContextTakeover, let stream = unsafe self.stream { unsafe inflateReset(stream) }
    }

    private func prepare() throws(WebSocketFailure) -> UnsafeMutablePointer<z_stream> {
        if let stream = unsafe self.stream { return unsafe stream }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // Negative: raw deflate, without zlib's header. A larger window than agreed does no harm, 8 is known to be too few
        // for zlib's own output (7.1.2.1).
        guard unsafe freshet_inflate_init(stream, -Int32(max(self.agreement.serverMaxWindowBits, 9))) == Z_OK else {
            unsafe stream.deallocate()
            throw .notDeflate
        }
        unsafe self.stream = stream
        return unsafe stream
    }
}
