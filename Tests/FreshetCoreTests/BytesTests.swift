// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct BytesTests {
    @Test("A copy has the bytes", arguments: [[], [7], Array(0...255)] as [[UInt8]])
    func copying(_ bytes: [UInt8]) {
        let slice = Bytes(copying: bytes)
        #expect(slice.count == bytes.count)
        #expect(slice.array == bytes)
        #expect(slice.withBytes { Array($0) } == bytes)
    }

    @Test("A slice of a slice counts from its own beginning, and shares the chunk")
    func nested() {
        let whole = Bytes(copying: Array(0...99 as ClosedRange<UInt8>))
        let inner = whole[10..<20][2..<5]
        #expect(inner.array == [12, 13, 14])
        #expect(inner.count == 3)
        #expect(inner[0] == 12)
        #expect(inner[2] == 14)
        #expect(inner.chunk === whole.chunk)
        #expect(inner[3..<3].array == [])
    }

    @Test("A slice of a whole chunk is the chunk")
    func wholeChunk() {
        let chunk = Bytes(copying: [1, 2, 3]).chunk
        #expect(Bytes(chunk).array == [1, 2, 3])
        #expect(Bytes(chunk, start: 1, count: 2).array == [2, 3])
        #expect(Bytes(chunk, start: 3, count: 0).array == [])
    }

    @Test("Appending leaves what was there")
    func append() {
        var array: [UInt8] = [1]
        Bytes(copying: [0, 2, 3])[1..<3].append(to: &array)
        #expect(array == [1, 2, 3])
    }

    @Test("A detached slice has the same bytes in a chunk of its own size")
    func detached() {
        let large = Bytes(copying: [UInt8](repeating: 5, count: 65536))
        let small = large[100..<110].detached()
        #expect(small.array == [UInt8](repeating: 5, count: 10))
        #expect(small.chunk !== large.chunk)
        #expect(small.chunk.bytes.count == 10)
    }

    @Test("Text is for people: what is not UTF-8 is replaced")
    func text() {
        #expect(Bytes(copying: "Grüße".utf8).text == "Grüße")
        #expect(Bytes(copying: [0x61, 0xFF, 0x62]).text == "a\u{FFFD}b")
    }

    @Test("An offset outside of the slice traps, even where the chunk goes on")
    func offsetOutside() async {
        await #expect(processExitsWith: .failure) { _ = Bytes(copying: [1, 2, 3])[0..<2][2] }
        await #expect(processExitsWith: .failure) { _ = Bytes(copying: [1, 2, 3])[1..<2][-1] }
    }

    @Test("A range outside of the slice traps, even where the chunk goes on")
    func rangeOutside() async {
        await #expect(processExitsWith: .failure) { _ = Bytes(copying: [1, 2, 3])[0..<4] }
        await #expect(processExitsWith: .failure) { _ = Bytes(copying: [1, 2, 3])[0..<2][0..<3] }
        await #expect(processExitsWith: .failure) { _ = Bytes(copying: [1, 2, 3])[1..<3][-1..<1] }
    }
}
