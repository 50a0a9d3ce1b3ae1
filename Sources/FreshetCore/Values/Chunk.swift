// SPDX-License-Identifier: Apache-2.0

/// Bytes that many messages share: what one read brought, or one assembled message.
// Proof for @unchecked: the memory is written only before the chunk exists (it is adopted, filled) and freed in deinit.
@usableFromInline
package final class Chunk: @unchecked Sendable {
    @usableFromInline package let bytes: UnsafeRawBufferPointer

    private let memory: UnsafeMutableRawBufferPointer
    /// Where the memory goes at the end; nil: it is freed.
    private let pool: MemoryPool?

    /// Takes over memory that `UnsafeMutableRawBufferPointer.allocate` made, or that is of `pool`; its first `count` bytes count.
    package init(adopting memory: UnsafeMutableRawBufferPointer, count: Int, pool: MemoryPool? = nil) {
        self.bytes = UnsafeRawBufferPointer(start: memory.baseAddress, count: count)
        self.memory = memory
        self.pool = pool
    }

    package convenience init(copying bytes: UnsafeRawBufferPointer) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        memory.copyMemory(from: bytes)
        self.init(adopting: memory, count: bytes.count)
    }

    deinit {
        guard let pool = self.pool else { return self.memory.deallocate() }
        pool.give(self.memory)
    }
}
