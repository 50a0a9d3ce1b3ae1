// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetTransport

/// How much is read at once, and where to.
struct ReadingMemoryTests {
    @Test("Reads grow while they are full, and shrink when little comes")
    func sizes() {
        #expect(ReadSize.small.bytes == 128 << 10)
        #expect(ReadSize.large.bytes == 2 << 20)
        #expect(ReadSize.small.next(after: 128 << 10) == .medium)
        #expect(ReadSize.medium.next(after: 512 << 10) == .large)
        #expect(ReadSize.large.next(after: 2 << 20) == .large)
        #expect(ReadSize.medium.next(after: (512 << 10) - 1) == .medium)
        #expect(ReadSize.large.next(after: (256 << 10) - 1) == .medium)
        #expect(ReadSize.small.next(after: 1) == .small)
    }

    @Test("A well filled read is handed over as it is, a small one is copied")
    func handingOver() {
        var buffer = ReadBuffer(.small, from: MemoryPool(limit: 1 << 20))
        defer { buffer.release() }
        let memory = buffer.prepare()
        memory.initializeMemory(as: UInt8.self, repeating: 7)
        let small = buffer.chunk(for: UnsafeRawBufferPointer(rebasing: memory[..<100]))
        #expect(small.bytes.baseAddress != UnsafeRawPointer(memory.baseAddress))
        #expect(Bytes(small).array == [UInt8](repeating: 7, count: 100))
        let large = buffer.chunk(for: UnsafeRawBufferPointer(memory))
        #expect(large.bytes.baseAddress == UnsafeRawPointer(memory.baseAddress))
        #expect(buffer.prepare().baseAddress != memory.baseAddress)
    }

    @Test("Memory comes back from the pool when its last holder lets go, and no more is kept than its limit")
    func pool() {
        let pool = MemoryPool(limit: 256 << 10)
        let first = pool.take(atLeast: 200_000)
        #expect(first.count == 256 << 10)
        let address = first.baseAddress
        var chunk: Chunk? = Chunk(adopting: first, count: 200_000, pool: pool)
        #expect(chunk?.bytes.count == 200_000)
        chunk = nil
        let again = pool.take(atLeast: 256 << 10)
        #expect(again.baseAddress == address)
        let second = pool.take(atLeast: 1)
        #expect(second.count == MemoryPool.smallest)
        pool.give(again)
        pool.give(second)  // beyond the limit: freed
        #expect(pool.take(atLeast: 256 << 10).baseAddress == address)
        first.deallocate()
    }

    @Test("Memory that was not used between two looks is freed; what is used stays")
    func trimming() {
        let pool = MemoryPool(limit: 1 << 20)
        let asked = Locked(0)
        pool.whenKeeping { asked.withLock { $0 += 1 } }
        let pieces = (0..<3).map { _ in pool.take(atLeast: 1) }
        for piece in pieces { pool.give(piece) }
        #expect(asked.withLock { $0 } == 1)
        #expect(pool.trim())
        // One is used in the meantime, so the two below it are too many.
        let used = pool.take(atLeast: 1)
        #expect(used.baseAddress == pieces[2].baseAddress)
        pool.give(used)
        #expect(pool.trim())
        #expect(pool.bytesKept == MemoryPool.smallest)
        #expect(!pool.trim())
        #expect(pool.bytesKept == 0)
        #expect(asked.withLock { $0 } == 1)
        // What comes then is asked for anew.
        pool.give(pool.take(atLeast: 1))
        #expect(asked.withLock { $0 } == 2)
    }

    @Test("A loop frees the memory of big messages some seconds after the last one", .timeLimit(.minutes(1)))
    func loop() async {
        let loop = EventLoop()
        defer { loop.shutdown() }
        loop.memory.give(loop.memory.take(atLeast: 1 << 20))
        #expect(loop.memory.bytesKept == 1 << 20)
        while loop.memory.bytesKept > 0 { await loop.passes(.milliseconds(100)) }
    }
}

extension EventLoop {
    /// Waits by a timer of the loop, as its own timers do.
    fileprivate func passes(_ time: Duration) async {
        await withCheckedContinuation { continuation in
            self.execute { _ = self.schedule(after: time) { continuation.resume() } }
        }
    }
}
