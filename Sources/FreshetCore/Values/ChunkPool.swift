// SPDX-License-Identifier: Apache-2.0

/// Memory of chunks that nobody holds any more, for the next reads: fresh memory costs page faults, and what was just used is
/// still in the cache.
package final class ChunkPool: Sendable {
    // Proof for @unchecked: a pointer to memory that this value alone knows.
    private struct Memory: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    /// In bytes.
    package let chunkSize: Int
    private let capacity: Int
    private let free = Locked<[Memory]>([])

    /// - Parameters:
    ///   - chunkSize: of each, in bytes.
    ///   - capacity: how many to keep.
    package init(chunkSize: Int, capacity: Int) {
        self.chunkSize = chunkSize
        self.capacity = capacity
    }

    deinit {
        self.free.withLock { free in
            for memory in free { memory.bytes.deallocate() }
            free = []
        }
    }

    /// Memory of the pool's size; the caller's until it is given back.
    package func take() -> UnsafeMutableRawBufferPointer {
        let memory = self.free.withLock { $0.popLast() }
        return memory?.bytes ?? .allocate(byteCount: self.chunkSize, alignment: 16)
    }

    /// Takes memory back. From any thread.
    package func give(_ bytes: UnsafeMutableRawBufferPointer) {
        let memory = Memory(bytes: bytes)
        let kept = self.free.withLock { free in
            guard free.count < self.capacity else { return false }
            free.append(memory)
            return true
        }
        if !kept { bytes.deallocate() }
    }
}
