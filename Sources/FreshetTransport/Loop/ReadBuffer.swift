// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Where the next read goes. A read that fills it well is handed over as it is; a small one is copied out, so that it does not
/// keep much memory alive.
@safe
struct ReadBuffer {
    let size: ReadSize
    private let pool: MemoryPool
    private var memory: UnsafeMutableRawBufferPointer?

    init(_ size: ReadSize, from pool: MemoryPool) {
        self.size = size
        self.pool = pool
    }

    /// The memory to read into.
    mutating func prepare() -> UnsafeMutableRawBufferPointer {
        if let memory = unsafe self.memory { return unsafe memory }
        let memory = unsafe self.pool.take(atLeast: self.size.bytes)
        unsafe self.memory = memory
        return unsafe memory
    }

    /// Frees the memory.
    mutating func release() {
        if let memory = unsafe self.memory { unsafe self.pool.give(memory) }
        unsafe self.memory = nil
    }

    /// The chunk for `bytes`, which were most often read into `prepare()`'s memory.
    mutating func chunk(for bytes: UnsafeRawBufferPointer) -> Chunk {
        guard let memory = unsafe self.memory, unsafe bytes.baseAddress == UnsafeRawPointer(memory.baseAddress),
            bytes.count >= self.size.worthHandingOver
        else { return unsafe Chunk(copying: bytes) }
        unsafe self.memory = nil
        return unsafe Chunk(adopting: memory, count: bytes.count, pool: self.pool)
    }
}
