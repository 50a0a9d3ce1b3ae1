// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Where a loop's next read goes. A read that fills it well is handed over as it is; a small one is copied out, so that
/// it does not keep 64 KiB alive.
@safe
struct ReadBuffer {
    static let size = 131072
    /// 2 MiB at most.
    private let pool = ChunkPool(chunkSize: Self.size, capacity: 16)
    private var memory: UnsafeMutableRawBufferPointer?

    /// The memory to read into.
    mutating func prepare() -> UnsafeMutableRawBufferPointer {
        if let memory = unsafe self.memory { return unsafe memory }
        let memory = unsafe self.pool.take()
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
            bytes.count >= Self.size / 2
        else { return unsafe Chunk(copying: bytes) }
        unsafe self.memory = nil
        return unsafe Chunk(adopting: memory, count: bytes.count, pool: self.pool)
    }
}
