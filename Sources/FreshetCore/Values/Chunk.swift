// SPDX-License-Identifier: Apache-2.0

/// Bytes that many messages share: what one read brought, or one assembled message.
// Proof for @unchecked: the memory is written only before the chunk exists (it is adopted, filled) and freed in deinit.
package final class Chunk: @unchecked Sendable {
    package let bytes: UnsafeRawBufferPointer

    /// Takes over memory that `malloc`-like `UnsafeMutableRawBufferPointer.allocate` made; its first `count` bytes count.
    package init(adopting memory: UnsafeMutableRawBufferPointer, count: Int) {
        self.bytes = UnsafeRawBufferPointer(start: memory.baseAddress, count: count)
    }

    package convenience init(copying bytes: UnsafeRawBufferPointer) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        memory.copyMemory(from: bytes)
        self.init(adopting: memory, count: bytes.count)
    }

    deinit {
        self.bytes.deallocate()
    }
}
