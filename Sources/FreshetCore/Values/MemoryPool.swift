// SPDX-License-Identifier: Apache-2.0

/// Memory of large chunks that nobody holds any more, for the next ones: fresh memory costs page faults, and what was just used is
/// still in the cache. What is not used again is freed by ``trim()``.
package final class MemoryPool: Sendable {
    // Proof for @unchecked: a pointer to memory that the pool alone knows.
    private struct Memory: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    /// The free memory of one size. The last in is the first out, so what is not needed stays at the bottom.
    private struct Shelf: Sendable {
        var free: [Memory] = []
        /// How many have lain here, unused, since the last look.
        var idle = 0

        mutating func take() -> Memory? {
            let memory = self.free.popLast()
            self.idle = min(self.idle, self.free.count)
            return memory
        }

        mutating func trim() -> [Memory] {
            let unused = Array(self.free.prefix(self.idle))
            self.free.removeFirst(self.idle)
            self.idle = self.free.count
            return unused
        }
    }

    private struct State: Sendable {
        var shelves: [Int: Shelf] = [:]
        var bytes = 0
        /// Whether somebody was asked to trim, and has not come yet.
        var hasAsked = false
        var trimLater: (@Sendable () -> Void)?
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
            for shelf in state.shelves.values { for memory in shelf.free { memory.bytes.deallocate() } }
            state.shelves = [:]
        }
    }

    /// Sets who is asked, from any thread, to call ``trim()`` after a while, once whenever there begins to be something to keep.
    package func whenKeeping(_ trimLater: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.trimLater = trimLater }
    }

    /// How much lies here, unused.
    package var bytesKept: Int { self.state.withLock { $0.bytes } }

    /// Memory of at least `size` bytes, the next power of two; the caller's until it is given back.
    package func take(atLeast size: Int) -> UnsafeMutableRawBufferPointer {
        var size = max(size, Self.smallest)
        if size & (size - 1) != 0 { size = 1 << (Int.bitWidth - size.leadingZeroBitCount) }
        let memory = self.state.withLock { state in
            let memory = state.shelves[size]?.take()
            if memory != nil { state.bytes -= size }
            return memory
        }
        return memory?.bytes ?? .allocate(byteCount: size, alignment: 16)
    }

    /// Takes memory back. From any thread.
    package func give(_ bytes: UnsafeMutableRawBufferPointer) {
        let memory = Memory(bytes: bytes)
        let (isKept, trimLater) = self.state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.bytes + memory.bytes.count <= self.limit else { return (false, nil) }
            state.bytes += memory.bytes.count
            state.shelves[memory.bytes.count, default: Shelf()].free.append(memory)
            guard !state.hasAsked else { return (true, nil) }
            state.hasAsked = true
            return (true, state.trimLater)
        }
        if !isKept { bytes.deallocate() }
        trimLater?()
    }

    /// Frees what has not been used since the last call.
    ///
    /// - Returns: whether there is still something, so that this should be called again after a while.
    package func trim() -> Bool {
        let (idle, isKeeping) = self.state.withLock { state in
            var idle: [Memory] = []
            for size in state.shelves.keys { idle += state.shelves[size]?.trim() ?? [] }
            state.bytes -= idle.reduce(0) { $0 + $1.bytes.count }
            state.hasAsked = state.bytes > 0
            return (idle, state.hasAsked)
        }
        for memory in idle { memory.bytes.deallocate() }
        return isKeeping
    }
}
