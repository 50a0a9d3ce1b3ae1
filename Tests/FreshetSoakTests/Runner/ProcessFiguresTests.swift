// SPDX-License-Identifier: Apache-2.0

import FreshetSoakRunner
import Testing

struct ProcessFiguresTests {
    @Test("What the allocator says of all its heaps is summed up")
    func sums() {
        let told = """
            <malloc version="1"><heap nr="0"><sizes><size from="33" to="48" total="48" count="1"/></sizes>
            <total type="fast" count="0" size="7"/><total type="rest" count="3" size="300"/>
            <system type="current" size="9000"/></heap>
            <total type="fast" count="2" size="80"/>
            <total type="rest" count="270" size="146333"/>
            <total type="mmap" count="1" size="1003520"/>
            <system type="current" size="1081344"/>
            <system type="max" size="2000000"/>
            </malloc>
            """
        #expect(MallocInfo(told)?.inUse == 1_081_344 + 1_003_520 - 80 - 146_333)
        #expect(MallocInfo("") == nil)
        #expect(MallocInfo("<malloc version=\"2\"></malloc>") == nil)
    }

    #if os(Linux)
    @Test("What is allocated counts, touched or not, until it is given back")
    func allocated() throws {
        func inUse() throws -> Int { try #require(ProcessFigures.now()?.inUse) }
        let before = try inUse()
        let block = UnsafeMutableRawPointer.allocate(byteCount: 200_000_000, alignment: 16)
        let with = try inUse()
        block.deallocate()
        let after = try inUse()
        // Other tests allocate beside it.
        #expect(with - before > 150_000_000)
        #expect(with - after > 150_000_000)
    }
    #endif
}
