// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct DeliveryBufferTests {
    private enum Taken: Equatable {
        case batch([Int], resume: Bool)
        case finished
        case failed(FreshetError)
        case empty
    }

    private static let error = FreshetError(.closed(code: 1006), "gone")

    private func take(_ buffer: inout DeliveryBuffer<Int>) -> Taken {
        switch buffer.take() {
        case .batch(let elements, let resume): .batch(elements, resume: resume)
        case .end(.finished): .finished
        case .end(.failed(let error)): .failed(error)
        case .empty: .empty
        }
    }

    @Test("Everything that waits is handed out at once, in order")
    func order() {
        var buffer = DeliveryBuffer<Int>()
        #expect(buffer.isWaitedFor)
        #expect(buffer.append([1, 2], bytes: 20) == false)
        #expect(buffer.append([3], bytes: 10) == false)
        #expect(buffer.count == 3)
        #expect(buffer.byteCount == 30)
        #expect(!buffer.isWaitedFor)
        #expect(take(&buffer) == .batch([1, 2, 3], resume: false))
        #expect(take(&buffer) == .empty)
        #expect(buffer.count == 0)
        #expect(buffer.byteCount == 0)
    }

    @Test("At the limit of elements, and as long as it is over, reading is to be suspended")
    func elementLimit() {
        var buffer = DeliveryBuffer<Int>(elementLimit: 3)
        #expect(buffer.append([1, 2], bytes: 0) == false)
        #expect(buffer.append([3], bytes: 0) == true)
        #expect(buffer.append([4, 5], bytes: 0) == true)
        #expect(buffer.append([], bytes: 0) == true)
        #expect(take(&buffer) == .batch([1, 2, 3, 4, 5], resume: true))
        #expect(buffer.append([6], bytes: 0) == false)
        #expect(take(&buffer) == .batch([6], resume: false))
    }

    @Test("At the limit of bytes likewise")
    func byteLimit() {
        var buffer = DeliveryBuffer<Int>(byteLimit: 100)
        #expect(buffer.append([1], bytes: 99) == false)
        #expect(buffer.append([2], bytes: 1) == true)
        #expect(buffer.append([3], bytes: 0) == true)
        #expect(take(&buffer) == .batch([1, 2, 3], resume: true))
        #expect(buffer.append([4], bytes: 100) == true)
        #expect(take(&buffer) == .batch([4], resume: true))
    }

    @Test("The limits are 4096 elements and 1 MiB unless said otherwise")
    func defaults() {
        var byElements = DeliveryBuffer<Int>()
        #expect(byElements.append(Array(1...4095), bytes: 0) == false)
        #expect(byElements.append([4096], bytes: 0) == true)
        var byBytes = DeliveryBuffer<Int>()
        #expect(byBytes.append([1], bytes: (1 << 20) - 1) == false)
        #expect(byBytes.append([2], bytes: 1) == true)
    }

    @Test("What waits is handed out before the end, and the end stays")
    func end() {
        var buffer = DeliveryBuffer<Int>()
        _ = buffer.append([1], bytes: 1)
        buffer.finish(.finished)
        #expect(buffer.append([2], bytes: 1) == false)
        #expect(take(&buffer) == .batch([1], resume: false))
        #expect(!buffer.isWaitedFor)
        #expect(take(&buffer) == .finished)
        #expect(take(&buffer) == .finished)
    }

    @Test("An error is handed out once; after it the sequence is over")
    func error() {
        var buffer = DeliveryBuffer<Int>()
        _ = buffer.append([1], bytes: 1)
        buffer.finish(.failed(Self.error))
        #expect(take(&buffer) == .batch([1], resume: false))
        #expect(take(&buffer) == .failed(Self.error))
        #expect(take(&buffer) == .finished)
    }

    @Test("B18 Only the first end counts")
    func firstEnd() {
        var failed = DeliveryBuffer<Int>()
        failed.finish(.failed(Self.error))
        failed.finish(.finished)
        #expect(take(&failed) == .failed(Self.error))
        var finished = DeliveryBuffer<Int>()
        finished.finish(.finished)
        finished.finish(.failed(Self.error))
        #expect(take(&finished) == .finished)
        #expect(take(&finished) == .finished)
    }

    @Test("After the end nothing is taken in, not even beyond the limits")
    func appendAfterEnd() {
        var buffer = DeliveryBuffer<Int>(elementLimit: 1)
        buffer.finish(.finished)
        #expect(buffer.append([1, 2, 3], bytes: 3) == false)
        #expect(buffer.count == 0)
        #expect(buffer.byteCount == 0)
    }

    @Test("A consumer that leaves throws away what waits, and lets reading go on", arguments: [1, 2])
    func discard(elements: Int) {
        var buffer = DeliveryBuffer<Int>(elementLimit: 2)
        _ = buffer.append(Array(1...elements), bytes: 8)
        #expect(buffer.discard() == (elements == 2))
        #expect(buffer.count == 0)
        #expect(buffer.byteCount == 0)
        #expect(take(&buffer) == .finished)
        #expect(buffer.append([9, 9], bytes: 8) == false)
        #expect(buffer.discard() == false)
        #expect(take(&buffer) == .finished)
    }

    @Test("A consumer that leaves does not hear of an error any more")
    func discardError() {
        var buffer = DeliveryBuffer<Int>()
        buffer.finish(.failed(Self.error))
        _ = buffer.discard()
        #expect(take(&buffer) == .finished)
    }

    @Test("The last element may take in the next, while it waits")
    func merge() {
        var buffer = DeliveryBuffer<Int>()
        #expect(buffer.mergeIntoLast { $0 + 1 } == false)
        _ = buffer.append([1, 10], bytes: 2)
        #expect(buffer.mergeIntoLast { $0 + 5 } == true)
        #expect(buffer.mergeIntoLast { _ in nil } == false)
        #expect(take(&buffer) == .batch([1, 15], resume: false))
        #expect(buffer.mergeIntoLast { $0 + 1 } == false)
    }
}
