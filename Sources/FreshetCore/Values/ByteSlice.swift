// SPDX-License-Identifier: Apache-2.0

/// A range of a shared chunk: how a message travels from the socket to its consumer without being copied.
@usableFromInline
package struct ByteSlice: Sendable {
    @usableFromInline package let chunk: Chunk
    @usableFromInline package let start: Int
    @usableFromInline package let count: Int

    package init(_ chunk: Chunk) {
        self.init(chunk, start: 0, count: chunk.bytes.count)
    }

    /// - Precondition: the range lies within the chunk.
    @inlinable
    package init(_ chunk: Chunk, start: Int, count: Int) {
        precondition(start >= 0 && count >= 0 && count <= chunk.bytes.count - start)
        self.chunk = chunk
        self.start = start
        self.count = count
    }

    package init(copying bytes: some Collection<UInt8>) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        memory.copyBytes(from: bytes)
        self.init(Chunk(adopting: memory, count: bytes.count))
    }

    /// Calls `body` with the bytes, which are valid during the call only.
    package func withBytes<Result, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Result) throws(E) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: self.chunk.bytes[self.start..<self.start + self.count]))
    }

    /// A part, counted from the slice's own beginning; traps outside of it.
    package subscript(range: Range<Int>) -> ByteSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= self.count)
        return ByteSlice(self.chunk, start: self.start + range.lowerBound, count: range.count)
    }

    /// The byte at `offset`, counted from the slice's own beginning; traps outside of it.
    package subscript(offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < self.count)
        return self.chunk.bytes[self.start + offset]
    }

    package func elementsEqual(_ text: StaticString) -> Bool {
        self.withBytes { bytes in text.withUTF8Buffer { bytes.elementsEqual($0) } }
    }

    package func append(to array: inout [UInt8]) {
        self.withBytes { array.append(contentsOf: $0) }
    }

    /// A copy in a chunk of its own, so that a small message does not keep a large chunk alive.
    package func detached() -> ByteSlice {
        self.withBytes { ByteSlice(Chunk(copying: $0)) }
    }

    package var array: [UInt8] {
        self.withBytes { Array($0) }
    }

    /// The bytes as text; what is not UTF-8 is replaced, so this is for people to read.
    package var text: String {
        self.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
