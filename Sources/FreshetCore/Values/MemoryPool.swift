// SPDX-License-Identifier: Apache-2.0

/// Memory of large chunks that nobody holds any more, for the next ones: fresh memory costs page faults, and what was just used is
/// still in the cache.
package final class MemoryPool: Sendable {
    // Proof for @unchecked: a pointer to memory that the pool alone knows.
    private struct Memory: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    private struct State: Sendable {
        var free: [Int: [Memory]] = [:]
        var bytes = 0
    }

    /// Smaller pieces are not worth it.
    package static let smallest = 131_072

    /// How much is kept, in bytes.
    private let limit: Int
    private let state = Locked(State())

    /// - Parameter limit: how much to keep, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    deinit {
        self.state.withLock { state in
            for memory in state.free.values.joined() { memory.bytes.deallocate() }
            state.free = [:]
        }
    }

    /// Memory of at least `size` bytes, the next power of two; the caller's until it is given back.
    package func take(atLeast size: Int) -> UnsafeMutableRawBufferPointer {
        var size = max(size, Self.smallest)
        if size & (size - 1) != 0 { size = 1 << (Int.bitWidth - size.leadingZeroBitCount) }
        let memory = self.state.withLock { state in
            let memory = state.free[size]?.popLast()
            if memory != nil { state.bytes -= size }
            return memory
        }
        return memory?.bytes ?? .allocate(byteCount: size, alignment: 16)
    }

    /// Takes memory back. From any thread.
    package func give(_ bytes: UnsafeMutableRawBufferPointer) {
        let memory = Memory(bytes: bytes)
        let kept = self.state.withLock { state in
            guard state.bytes + memory.bytes.count <= self.limit else { return false }
            state.bytes += memory.bytes.count
            state.free[memory.bytes.count, default: []].append(memory)
            return true
        }
        if !kept { bytes.deallocate() }
    }
}
