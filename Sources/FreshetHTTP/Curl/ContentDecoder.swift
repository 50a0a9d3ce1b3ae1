// SPDX-License-Identifier: Apache-2.0

import CZlib
import FreshetCore

/// Unpacks an answer's body as it comes (RFC 9110 8.4.1), so much at a time as there is room for.
///
/// libcurl could do that too, but up to 8.x it takes a packed body that is cut short for whole, and unpacks all that one
/// read brought, a thousand times as much, whether anybody takes it or not.
@safe
final class ContentDecoder {
    /// On the heap because zlib remembers its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [Bytes] = []
    /// Of the first one.
    private var offset = 0
    private var hasBegun = false
    private var isAtEnd = false

    /// nil where there is nothing to unpack.
    ///
    /// - Throws: `.protocolViolation` for a coding that was not asked for.
    init?(_ coding: String?) throws(FreshetError) {
        switch (coding ?? "").lowercased() {
        case "", "identity": return nil
        case "gzip", "x-gzip", "deflate": break
        default:
            throw FreshetError(.protocolViolation, "the server sent its answer in a coding that was not asked for")
        }
        unsafe self.stream = .allocate(capacity: 1)
        unsafe self.stream.initialize(to: z_stream())
        // 15 is the largest window; 32 more: zlib finds out by itself which of the two it is.
        guard unsafe freshet_inflate_init(self.stream, 15 + 32) == Z_OK else {
            throw FreshetError(.messageTooLarge, "there is no memory to unpack an answer")
        }
    }

    deinit {
        unsafe inflateEnd(self.stream)
        unsafe self.stream.deallocate()
    }

    /// Whether there is something that was not unpacked yet.
    var hasInput: Bool { !self.input.isEmpty }

    /// Whether all of it was there.
    var isComplete: Bool { !self.hasBegun || self.isAtEnd }

    func append(_ bytes: Bytes) {
        guard bytes.count > 0 else { return }
        self.hasBegun = true
        self.input.append(bytes)
    }

    /// The next piece, of 64 KiB at most; nil when all that is there has been unpacked.
    func next() throws(FreshetError) -> Bytes? {
        let room = 64 << 10
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
        var filled = 0
        do throws(FreshetError) {
            while filled < room, let piece = self.input.first {
                let used = unsafe try self.inflate(piece[self.offset..<piece.count], memory, &filled)
                self.offset += used
                guard self.offset == piece.count else { continue }
                // The last of what it had in hand may still have to come out.
                if filled == room { break }
                self.input.removeFirst()
                self.offset = 0
            }
        } catch {
            unsafe memory.deallocate()
            throw error
        }
        guard filled > 0 else {
            unsafe memory.deallocate()
            return nil
        }
        guard filled < room / 2 else { return unsafe Bytes(Chunk(adopting: memory, count: filled)) }
        defer { unsafe memory.deallocate() }
        return unsafe Bytes(Chunk(copying: UnsafeRawBufferPointer(rebasing: memory[..<filled])))
    }

    /// How much of the input was used.
    private func inflate(
        _ input: Bytes,
        _ memory: UnsafeMutableRawBufferPointer,
        _ filled: inout Int
    ) throws(FreshetError) -> Int {
        if self.isAtEnd {
            // Another member may follow (RFC 1952 2.2); what else follows is nobody's.
            guard input.count > 0, input[0] == 0x1F else { return input.count }
            unsafe inflateReset(self.stream)
            self.isAtEnd = false
        }
        let stream = unsafe self.stream
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
        let status = unsafe input.withBytes { bytes in
            // zlib reads the input only; its type just does not say so.
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            )
            unsafe stream.pointee.avail_in = UInt32(bytes.count)
            unsafe stream.pointee.next_out = rest.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(rest.count)
            return unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        }
        filled += unsafe rest.count - Int(stream.pointee.avail_out)
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: self.isAtEnd = true
        default: throw FreshetError(.protocolViolation, "the answer cannot be decompressed: it is damaged")
        }
        return unsafe input.count - Int(stream.pointee.avail_in)
    }
}
