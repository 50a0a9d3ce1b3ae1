// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// What is dropped for a consumer that is too slow, and how it is told.
struct DroppingTests {
    private typealias Buffer = DeliveryBuffer<TestElement>

    private func keyed(_ number: Int, _ key: Int) -> TestElement { TestElement(number, key: key) }

    // MARK: - The oldest

    @Test(
        "Until the limit nothing differs",
        arguments: [.dropOldest, .latestPerKey("key"), .failOnOverflow] as [DeliveryPolicy.Overflow]
    )
    func belowLimit(_ overflow: DeliveryPolicy.Overflow) {
        var buffer = Buffer(DeliveryPolicy(overflow, elements: 3, bytes: 30))
        let elements = [TestElement(1, size: 10, key: 1), TestElement(2, size: 10, key: 1), TestElement(3, size: 10)]
        #expect(buffer.append(elements) == .taken)
        #expect(buffer.takeAll() == elements)
        #expect(buffer.droppedInAll == 0)
    }

    @Test("The oldest make room, and their count stands before what is left")
    func dropOldest() {
        var buffer = Buffer(DeliveryPolicy(.dropOldest, elements: 3))
        #expect(buffer.append([1, 2]) == .taken)
        #expect(buffer.append([3, 4, 5]) == .taken)
        #expect(buffer.count == 3)
        #expect(buffer.byteCount == 3)
        #expect(buffer.takeAll() == [.gap(2), 3, 4, 5])
        #expect(buffer.droppedInAll == 2)
        // What was told is not told again.
        _ = buffer.append([6])
        #expect(buffer.takeAll() == [6])
        _ = buffer.append([7, 8, 9, 10])
        #expect(buffer.takeAll() == [.gap(1), 8, 9, 10])
        #expect(buffer.droppedInAll == 3)
    }

    @Test("The limit of bytes counts as well")
    func dropOldestBytes() {
        var buffer = Buffer(DeliveryPolicy(.dropOldest, bytes: 100))
        _ = buffer.append([TestElement(1, size: 40), TestElement(2, size: 40), TestElement(3, size: 20)])
        #expect(buffer.count == 3)
        _ = buffer.append([TestElement(4, size: 1)])
        #expect(buffer.count == 3)
        #expect(buffer.byteCount == 61)
        _ = buffer.append([TestElement(5, size: 100)])
        #expect(buffer.byteCount == 100)
        #expect(buffer.takeAll() == [.gap(4), TestElement(5, size: 100)])
        #expect(buffer.byteCount == 0)
    }

    @Test(
        "A single element that is larger than the limit is handed out",
        arguments: [.suspending, .dropOldest, .latestPerKey("key"), .failOnOverflow] as [DeliveryPolicy.Overflow]
    )
    func largeElement(_ overflow: DeliveryPolicy.Overflow) {
        var buffer = Buffer(DeliveryPolicy(overflow, bytes: 10))
        #expect(buffer.append([TestElement(1, size: 1000)]) == (overflow == .suspending ? .full : .taken))
        #expect(buffer.takeAll() == [TestElement(1, size: 1000)])
        #expect(buffer.append([TestElement(2, size: 10)]) == (overflow == .suspending ? .full : .taken))
        #expect(buffer.takeAll() == [TestElement(2, size: 10)])
    }

    @Test("A gap that stood among what was dropped is told with it")
    func gapAmongDropped() {
        var buffer = Buffer(DeliveryPolicy(.dropOldest, elements: 3))
        _ = buffer.append([1, .gap(10), 2, 3, 4])
        #expect(buffer.takeAll() == [.gap(11), 2, 3, 4])
        _ = buffer.append([.gap(10), 1, .gap(20), 2, 3, 4])
        #expect(buffer.takeAll() == [.gap(31), 2, 3, 4])
        _ = buffer.append([1, 2, .gap(5), 3])
        #expect(buffer.takeAll() == [.gap(1), 2, .gap(5), 3])
    }

    @Test(
        "Gaps alone are never lost, however many",
        arguments: [.dropOldest, .latestPerKey("key")] as [DeliveryPolicy.Overflow]
    )
    func manyGaps(_ overflow: DeliveryPolicy.Overflow) {
        for many in 1...200 {
            var buffer = Buffer(DeliveryPolicy(overflow, elements: 1))
            for _ in 0..<many { _ = buffer.append([.gap(1)]) }
            #expect(buffer.takeAll().reduce(0) { $0 + ($1.missing ?? 0) } == many)
            #expect(buffer.droppedInAll == 0)
        }
    }

    // MARK: - All but the latest of each key

    @Test("Of each key the latest is left, in order, and the count of the others stands before them")
    func latestPerKey() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("key"), elements: 4))
        _ = buffer.append([keyed(1, 1), keyed(2, 2), keyed(3, 1), keyed(4, 3), keyed(5, 1)])
        #expect(buffer.count == 3)
        #expect(buffer.byteCount == 3)
        #expect(buffer.takeAll() == [.gap(2), keyed(2, 2), keyed(4, 3), keyed(5, 1)])
        #expect(buffer.droppedInAll == 2)
    }

    @Test("When there are more keys than fit, the oldest go too")
    func moreKeysThanFit() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("key"), elements: 3))
        _ = buffer.append((1...6).map { keyed($0, $0) })
        #expect(buffer.takeAll() == [.gap(3), keyed(4, 4), keyed(5, 5), keyed(6, 6)])
    }

    @Test("What has no key, and gaps, stay until they are the oldest")
    func withoutKey() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("key"), elements: 4))
        _ = buffer.append([keyed(1, 1), .gap(9), 2, keyed(3, 1), keyed(4, 1)])
        #expect(buffer.takeAll() == [.gap(2), .gap(9), 2, keyed(4, 1)])
        _ = buffer.append([1, .gap(9), 2, 3, 4])
        #expect(buffer.takeAll() == [.gap(1), .gap(9), 2, 3, 4])
        _ = buffer.append([1, .gap(9), 2, 3, 4, 5])
        #expect(buffer.takeAll() == [.gap(10), 2, 3, 4, 5])
    }

    @Test("It may be an eighth over its limit before room is made, in elements and in bytes")
    func slack() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("key"), elements: 80))
        for number in 1...90 { _ = buffer.append([keyed(number, 1)]) }
        #expect(buffer.count == 90)
        _ = buffer.append([keyed(91, 1)])
        #expect(buffer.takeAll() == [.gap(90), keyed(91, 1)])
        var byBytes = Buffer(DeliveryPolicy(.latestPerKey("key"), bytes: 80))
        _ = byBytes.append([TestElement(1, size: 80, key: 1), TestElement(2, size: 10, key: 1)])
        #expect(byBytes.count == 2)
        _ = byBytes.append([TestElement(3, size: 1, key: 1)])
        #expect(byBytes.byteCount == 1)
        #expect(byBytes.takeAll() == [.gap(2), TestElement(3, size: 1, key: 1)])
    }

    // MARK: - The feed's end

    @Test("The feed ends after what waits, and says what the limit was")
    func failOnOverflow() {
        var buffer = Buffer(DeliveryPolicy(.failOnOverflow, elements: 3))
        #expect(buffer.append([1, 2]) == .taken)
        #expect(buffer.append([3, 4, 5]) == .overflowed)
        #expect(buffer.append([6]) == .taken)
        #expect(buffer.takeAll() == [1, 2, 3])
        guard case .end(.failed(let error)) = buffer.take() else {
            Issue.record("the feed does not fail")
            return
        }
        #expect(error.kind == .overflow)
        #expect(error.message.contains("3 elements"))
        #expect(error.hint != nil)
        guard case .end(.finished) = buffer.take() else {
            Issue.record("the feed does not end")
            return
        }
    }

    @Test("The limit of bytes ends it as well, and says so")
    func failOnOverflowBytes() {
        var buffer = Buffer(DeliveryPolicy(.failOnOverflow, bytes: 100))
        #expect(buffer.append([TestElement(1, size: 100)]) == .taken)
        #expect(buffer.append([TestElement(2, size: 1)]) == .overflowed)
        #expect(buffer.byteCount == 100)
        _ = buffer.take()
        guard case .end(.failed(let error)) = buffer.take() else {
            Issue.record("the feed does not fail")
            return
        }
        #expect(error.message.contains("100 bytes"))
    }

    @Test("A consumer that keeps up is never told of an overflow")
    func keepsUp() {
        var buffer = Buffer(DeliveryPolicy(.failOnOverflow, elements: 3))
        for number in 0..<100 {
            #expect(buffer.append([TestElement(number), TestElement(number), TestElement(number)]) == .taken)
            #expect(buffer.takeAll().count == 3)
        }
    }
}
