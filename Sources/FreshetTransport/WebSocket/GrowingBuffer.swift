// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Memory for a message that comes in parts. It becomes a chunk as it is, without a copy.
@safe
package final class GrowingBuffer {
    private var memory: UnsafeMutableRawBufferPointer
    package private(set) var count = 0
    private let pool: MemoryPool

    package init(capacity: Int, from pool: MemoryPool = MemoryPool(limit: 0)) {
        self.pool = pool
        unsafe self.memory = Self.allocate(max(capacity, 64), from: pool)
    }

    deinit { self.free() }

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
            let size = unsafe max(self.memory.count * 2, self.count + wanted)
            let larger = unsafe Self.allocate(size, from: self.pool)
            unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: self.memory[..<self.count]))
            self.free()
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
        let isPooled = unsafe Self.isPooled(self.memory.count)
        let chunk = unsafe Chunk(adopting: self.memory, count: self.count, pool: isPooled ? self.pool : nil)
        unsafe self.memory = .allocate(byteCount: 0, alignment: 16)
        self.count = 0
        return chunk
    }

    private static func isPooled(_ size: Int) -> Bool { size >= MemoryPool.smallest }

    private static func allocate(_ size: Int, from pool: MemoryPool) -> UnsafeMutableRawBufferPointer {
        unsafe Self.isPooled(size) ? pool.take(atLeast: size) : .allocate(byteCount: size, alignment: 16)
    }

    private func free() {
        if unsafe Self.isPooled(self.memory.count) {
            unsafe self.pool.give(self.memory)
        } else {
            unsafe self.memory.deallocate()
        }
    }
}
