// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Memory for a message that comes in parts. It becomes a chunk as it is, without a copy.
@safe
package final class GrowingBuffer {
    private var memory: UnsafeMutableRawBufferPointer
    package private(set) var count = 0

    package init(capacity: Int) {
        unsafe self.memory = .allocate(byteCount: max(capacity, 64), alignment: 16)
    }

    deinit { unsafe self.memory.deallocate() }

    /// Valid until the next call.
    package var contents: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: self.memory[..<self.count]) }

    func append(_ bytes: UnsafeRawBufferPointer) {
        let room = unsafe self.room(atLeast: bytes.count)
        unsafe room.copyMemory(from: bytes)
        self.count += bytes.count
    }

    /// Where the next bytes go: at least so many. Valid until the next call.
    func room(atLeast wanted: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe self.memory.count - self.count < wanted {
            let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(self.memory.count * 2, self.count + wanted),
                alignment: 16
            )
            unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: self.memory[..<self.count]))
            unsafe self.memory.deallocate()
            unsafe self.memory = larger
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: self.memory[self.count...])
    }

    /// So many bytes of the room have been filled.
    func fill(_ filled: Int) {
        precondition(unsafe filled >= 0 && filled <= self.memory.count - self.count)
        self.count += filled
    }

    /// The bytes as a chunk; the buffer is empty afterwards.
    func takeChunk() -> Chunk {
        let chunk = unsafe Chunk(adopting: self.memory, count: self.count)
        unsafe self.memory = .allocate(byteCount: 0, alignment: 16)
        self.count = 0
        return chunk
    }
}
