// SPDX-License-Identifier: Apache-2.0

/// Bytes of a message, not copied: a range of what one read brought.
///
/// It keeps the whole read alive; `detached()` what is to be kept for long.
public struct Bytes: Sendable {
    @usableFromInline package let chunk: Chunk
    @usableFromInline package let start: Int
    /// How many there are.
    public let count: Int

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

    /// Bytes with memory of their own.
    ///
    /// - Parameter bytes: what to copy.
    public init(copying bytes: some Collection<UInt8>) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        memory.copyBytes(from: bytes)
        self.init(Chunk(adopting: memory, count: bytes.count))
    }

    /// Several in one piece; not copied where there is only one.
    package static func joined(_ pieces: [Bytes]) -> Bytes {
        guard pieces.count != 1 else { return pieces[0] }
        var all: [UInt8] = []
        all.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { piece.append(to: &all) }
        return Bytes(copying: all)
    }

    /// Calls `body` with the bytes, which are valid during the call only.
    package func withBytes<Result, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Result) throws(E) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: self.chunk.bytes[self.start..<self.start + self.count]))
    }

    /// A part, counted from the slice's own beginning; traps outside of it.
    public subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= self.count)
        return Bytes(self.chunk, start: self.start + range.lowerBound, count: range.count)
    }

    /// The byte at `offset`, counted from the slice's own beginning; traps outside of it.
    public subscript(offset: Int) -> UInt8 {
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
    public func detached() -> Bytes {
        guard self.count < self.chunk.bytes.count else { return self }
        return self.withBytes { Bytes(Chunk(copying: $0)) }
    }

    /// A copy as an array.
    public var array: [UInt8] {
        self.withBytes { Array($0) }
    }

    /// The bytes as text; what is not UTF-8 is replaced, so this is for people to read.
    public var text: String {
        self.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
