// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetTransport

struct OutputQueueTests {
    private func filled(_ frames: Int, of size: Int) -> OutputQueue {
        var queue = OutputQueue()
        for frame in 0..<frames {
            queue.appendData(ofAbout: size) { $0 += [UInt8](repeating: UInt8(truncatingIfNeeded: frame), count: size) }
        }
        return queue
    }

    @Test("Small frames share a block, in order, and are counted")
    func coalescing() {
        var queue = filled(1000, of: 100)
        #expect(queue.dataBytes == 100_000)
        var all: [UInt8] = []
        var blocks = 0
        while let block = queue.next() {
            #expect(block.count <= OutputQueue.blockSize)
            all += block
            blocks += 1
        }
        #expect(blocks == 2)
        #expect(all == (0..<1000).flatMap { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 100) })
        #expect(queue.dataBytes == 0)
    }

    @Test("Control frames overtake data, at a frame's end")
    func overtaking() {
        var queue = filled(3, of: OutputQueue.blockSize)
        #expect(queue.next()?.first == 0)
        queue.appendPong([9])
        #expect(queue.next() == [9])
        #expect(queue.next()?.first == 1)
    }

    @Test("Of pongs that pile up the latest is kept")
    func pongFlood() {
        var queue = OutputQueue()
        for number in 0..<100_000 { queue.appendPong([UInt8(truncatingIfNeeded: number), 0]) }
        var bytes: [UInt8] = []
        while let block = queue.next() { bytes += block }
        #expect(bytes.count < 20_000)
        #expect(bytes.suffix(2) == [UInt8(truncatingIfNeeded: 99_999), 0])
    }

    @Test("The close frame is the last, after the data or instead of it", arguments: [false, true])
    func closing(droppingData: Bool) {
        var queue = filled(2, of: 10)
        queue.close([8], droppingData: droppingData)
        queue.appendData(ofAbout: 1) { $0 += [1] }
        queue.appendPong([2])
        #expect(!queue.isOpen)
        if !droppingData { #expect(queue.next()?.count == 20) }
        #expect(queue.next() == [8])
        #expect(queue.next() == nil)
    }
}
