// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Order, ends and back-pressure: what a buffer does whose consumer may be waited for.
struct DeliveryBufferTests {
    private typealias Buffer = DeliveryBuffer<TestElement>

    private enum Taken: Equatable {
        case batch([TestElement], resume: Bool)
        case finished
        case failed(FreshetError)
        case empty
    }

    private static let error = FreshetError(.closed(code: 1006), "gone")

    private func take(_ buffer: inout DeliveryBuffer<TestElement>) -> Taken {
        switch buffer.take() {
        case .batch(let elements, let resume): .batch(elements, resume: resume)
        case .end(.finished): .finished
        case .end(.failed(let error)): .failed(error)
        case .empty: .empty
        }
    }

    @Test("Everything that waits is handed out at once, in order")
    func order() {
        var buffer = Buffer()
        #expect(buffer.isWaitedFor)
        #expect(buffer.append([1, 2], bytes: 20) == .taken)
        #expect(buffer.append([3], bytes: 10) == .taken)
        #expect(buffer.count == 3)
        #expect(buffer.byteCount == 30)
        #expect(!buffer.isWaitedFor)
        #expect(take(&buffer) == .batch([1, 2, 3], resume: false))
        #expect(take(&buffer) == .empty)
        #expect(buffer.count == 0)
        #expect(buffer.byteCount == 0)
    }

    @Test("D8 At the limit of elements, and as long as it is over, reading is to be suspended")
    func elementLimit() {
        var buffer = Buffer(DeliveryPolicy(elements: 3))
        #expect(buffer.append([1, 2], bytes: 0) == .taken)
        #expect(buffer.append([3], bytes: 0) == .full)
        #expect(buffer.append([4, 5], bytes: 0) == .full)
        #expect(buffer.append([], bytes: 0) == .full)
        #expect(take(&buffer) == .batch([1, 2, 3, 4, 5], resume: true))
        #expect(buffer.append([6], bytes: 0) == .taken)
        #expect(take(&buffer) == .batch([6], resume: false))
    }

    @Test("D8 At the limit of bytes likewise")
    func byteLimit() {
        var buffer = Buffer(DeliveryPolicy(bytes: 100))
        #expect(buffer.append([1], bytes: 99) == .taken)
        #expect(buffer.append([2], bytes: 1) == .full)
        #expect(buffer.append([3], bytes: 0) == .full)
        #expect(take(&buffer) == .batch([1, 2, 3], resume: true))
        #expect(buffer.append([4], bytes: 1000) == .full)
        #expect(take(&buffer) == .batch([4], resume: true))
    }

    @Test("The limits are 4096 elements and 1 MiB unless said otherwise, and at least 1")
    func defaults() {
        var byElements = Buffer()
        #expect(byElements.append((1...4095).map { TestElement($0) }, bytes: 0) == .taken)
        #expect(byElements.append([4096], bytes: 0) == .full)
        var byBytes = Buffer()
        #expect(byBytes.append([1], bytes: (1 << 20) - 1) == .taken)
        #expect(byBytes.append([2], bytes: 1) == .full)
        let least = DeliveryPolicy(.dropOldest, elements: 0, bytes: -1)
        #expect(least.elements == 1)
        #expect(least.bytes == 1)
    }

    @Test("What waits is handed out before the end, and the end stays")
    func end() {
        var buffer = Buffer()
        _ = buffer.append([1], bytes: 1)
        buffer.finish(.finished)
        #expect(buffer.append([2], bytes: 1) == .taken)
        #expect(take(&buffer) == .batch([1], resume: false))
        #expect(!buffer.isWaitedFor)
        #expect(take(&buffer) == .finished)
        #expect(take(&buffer) == .finished)
    }

    @Test("B70 An error is handed out once; after it the sequence is over")
    func error() {
        var buffer = Buffer()
        _ = buffer.append([1], bytes: 1)
        buffer.finish(.failed(Self.error))
        #expect(take(&buffer) == .batch([1], resume: false))
        #expect(take(&buffer) == .failed(Self.error))
        #expect(take(&buffer) == .finished)
    }

    @Test("B18 B19 Only the first end counts")
    func firstEnd() {
        var failed = Buffer()
        failed.finish(.failed(Self.error))
        failed.finish(.finished)
        #expect(take(&failed) == .failed(Self.error))
        var finished = Buffer()
        finished.finish(.finished)
        finished.finish(.failed(Self.error))
        #expect(take(&finished) == .finished)
        #expect(take(&finished) == .finished)
    }

    @Test(
        "After the end nothing is taken in, not even beyond the limits",
        arguments: [.suspending, .dropOldest, .latestPerKey("key"), .failOnOverflow] as [DeliveryPolicy.Overflow]
    )
    func appendAfterEnd(_ overflow: DeliveryPolicy.Overflow) {
        var buffer = Buffer(DeliveryPolicy(overflow, elements: 1))
        buffer.finish(.finished)
        #expect(buffer.append([1, 2, 3], bytes: 3) == .taken)
        #expect(buffer.appendMerging(4) == .taken)
        #expect(buffer.count == 0)
        #expect(buffer.byteCount == 0)
        #expect(take(&buffer) == .finished)
    }

    @Test("B29 A consumer that leaves throws away what waits, and lets reading go on", arguments: [1, 2])
    func discard(elements: Int) {
        var buffer = Buffer(DeliveryPolicy(elements: 2))
        _ = buffer.append((1...elements).map { TestElement($0) }, bytes: 8)
        #expect(buffer.discard() == (elements == 2))
        #expect(buffer.count == 0)
        #expect(buffer.byteCount == 0)
        #expect(take(&buffer) == .finished)
        #expect(buffer.append([9, 9], bytes: 8) == .taken)
        #expect(buffer.discard() == false)
        #expect(take(&buffer) == .finished)
    }

    @Test("A consumer that leaves does not hear of an error any more")
    func discardError() {
        var buffer = Buffer()
        buffer.finish(.failed(Self.error))
        _ = buffer.discard()
        #expect(take(&buffer) == .finished)
    }

    @Test("A consumer that leaves does not hear of what was dropped")
    func discardDropped() {
        var buffer = Buffer(DeliveryPolicy(.dropOldest, elements: 1))
        _ = buffer.append([.gap(1), 1, 2, 3])
        _ = buffer.discard()
        #expect(take(&buffer) == .finished)
    }

    @Test("A gap is merged into the one before it, while that waits")
    func merge() {
        var buffer = Buffer()
        #expect(buffer.appendMerging(.gap(1)) == .taken)
        #expect(buffer.appendMerging(.gap(2)) == .taken)
        #expect(take(&buffer) == .batch([.gap(3)], resume: false))
        #expect(buffer.appendMerging(.gap(4)) == .taken)
        #expect(buffer.appendMerging(7) == .taken)
        #expect(buffer.appendMerging(.gap(5)) == .taken)
        #expect(take(&buffer) == .batch([.gap(4), 7, .gap(5)], resume: false))
    }

    @Test("Merging into a full buffer does not forget that it is full")
    func mergeFull() {
        var buffer = Buffer(DeliveryPolicy(elements: 2))
        #expect(buffer.append([1, .gap(1)], bytes: 1) == .full)
        #expect(buffer.appendMerging(.gap(1)) == .full)
        #expect(take(&buffer) == .batch([1, .gap(2)], resume: true))
    }

    @Test("The time of the oldest batch that waits is kept")
    func oldest() {
        var buffer = Buffer()
        _ = buffer.append([1], bytes: 1, at: .seconds(1))
        _ = buffer.append([2], bytes: 1, at: .seconds(2))
        #expect(buffer.oldest == .seconds(1))
        _ = buffer.take()
        _ = buffer.append([3], bytes: 1, at: .seconds(3))
        #expect(buffer.oldest == .seconds(3))
    }
}
