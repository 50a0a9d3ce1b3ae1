// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// What waits in the buffers of real feeds: JSON, values and gaps.
struct FeedItemTests {
    private typealias Buffer = DeliveryBuffer<FeedItem>

    private func update(_ json: String) -> FeedItem { .update(Bytes(copying: Array(json.utf8))) }

    private func tick(_ symbol: String, _ price: Int) -> FeedItem {
        update(#"{"tick":{"symbol":"\#(symbol)","price":\#(price)}}"#)
    }

    private func append(_ items: [FeedItem], to buffer: inout DeliveryBuffer<FeedItem>) {
        _ = buffer.append(items, bytes: items.reduce(0) { $0 + $1.byteCount })
    }

    private func texts(_ buffer: inout DeliveryBuffer<FeedItem>) -> [String] {
        guard case .batch(let items, _) = buffer.take() else { return [] }
        return items.map { item in
            switch item {
            case .update(let bytes): bytes.text
            case .snapshot(let bytes): "snapshot \(bytes.text)"
            case .value(let value, _): "value \(value)"
            case .gap(let gap): "gap \(gap.cause) \(gap.count.map { "\($0)" } ?? "?")"
            case .bookmark(let position): "bookmark \(position.value)"
            case .rest(let item): "polled \(item.text)"
            }
        }
    }

    @Test("The latest of each symbol is left, by the path into the payload")
    func latestPerKey() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("tick.symbol"), elements: 3))
        append([tick("A", 1), tick("B", 1), tick("A", 2), tick("A", 3)], to: &buffer)
        #expect(
            texts(&buffer) == [
                "gap overflow 2", #"{"tick":{"symbol":"B","price":1}}"#, #"{"tick":{"symbol":"A","price":3}}"#,
            ]
        )
    }

    @Test("A snapshot is superseded like an update, and payloads without the key are not")
    func kinds() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("id"), elements: 4))
        let snapshot = FeedItem.snapshot(Bytes(copying: Array(#"{"id":1,"n":0}"#.utf8)))
        append(
            [snapshot, update(#"{"n":1}"#), update(#"{"id":null}"#), update("[1]"), update(#"{"id":1}"#)],
            to: &buffer
        )
        #expect(texts(&buffer) == ["gap overflow 1", #"{"n":1}"#, #"{"id":null}"#, "[1]", #"{"id":1}"#])
    }

    @Test("A number and a text are different keys")
    func keyKinds() {
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("id"), elements: 2))
        append([update(#"{"id":1}"#), update(#"{"id":"1"}"#), update(#"{"id":1,"n":2}"#)], to: &buffer)
        #expect(texts(&buffer) == ["gap overflow 1", #"{"id":"1"}"#, #"{"id":1,"n":2}"#])
    }

    @Test("A gap of another cause that stood among what was dropped leaves the count unknown, but is told")
    func gapOfAnotherCause() {
        var buffer = Buffer(DeliveryPolicy(.dropOldest, elements: 2))
        let gap = Gap(cause: .historyLost, reason: "compacted", outage: .seconds(3))
        append([.gap(gap), update("1"), update("2"), update("3")], to: &buffer)
        guard case .batch(let items, _) = buffer.take(), case .gap(let told)? = items.first else {
            Issue.record("no gap is told")
            return
        }
        #expect(told.cause == .historyLost)
        #expect(told.count == nil)
        #expect(told.outage == .seconds(3))
        #expect(items.count == 3)
    }

    @Test("Gaps count no bytes, payloads their length, values what they say of themselves, or nothing")
    func byteCounts() {
        struct Measured: MeasuredValue { let byteCount: Int }
        let measured = FeedItem.value(Measured(byteCount: 7), isSnapshot: true)
        #expect(measured.byteCount == 7)
        #expect(FeedItem.rest(measured).byteCount == 7)
        #expect(update("12345").byteCount == 5)
        #expect(FeedItem.snapshot(Bytes(copying: [1, 2])).byteCount == 2)
        #expect(FeedItem.value(1, isSnapshot: true).byteCount == 0)
        #expect(FeedItem.gap(Gap(cause: .unknown, reason: "", outage: .zero)).byteCount == 0)
        #expect(!FeedItem.gap(Gap(cause: .unknown, reason: "", outage: .zero)).isDroppable)
        #expect(FeedItem.value(1, isSnapshot: false).isDroppable)
    }

    @Test("What was polled counts, is found by its key, and is kept apart like what came live")
    func polled() {
        let snapshot = FeedItem.rest(.snapshot(Bytes(copying: Array(#"{"id":1}"#.utf8))))
        let gap = FeedItem.gap(Gap(cause: .unknown, reason: "", outage: .zero))
        #expect(snapshot.byteCount == 8)
        #expect(snapshot.key(at: "id") == .integer(1))
        #expect(snapshot.isDroppable)
        #expect(!FeedItem.rest(gap).isDroppable)
        #expect(snapshot.origin == .rest)
        #expect(snapshot.detached().origin == .rest)
        #expect(snapshot.content.origin == .live)
        #expect(gap.merged(with: .rest(gap))?.origin == .rest)
        #expect(FeedItem.rest(gap).merged(with: gap)?.origin == .live)
        #expect(gap.merged(with: snapshot) == nil)
    }

    @Test("What is equal is the same, whichever way it came; what cannot be compared is not")
    func sameness() {
        struct Opaque: Sendable {}
        func value(_ value: any Sendable) -> FeedItem { .value(value, isSnapshot: true) }
        let read = Bytes(copying: Array("11".utf8))
        #expect(FeedItem.update(read[0..<1]).isSame(as: .rest(.update(read[1..<2]))))
        #expect(!FeedItem.update(read[0..<1]).isSame(as: .update(read)))
        #expect(!FeedItem.update(read).isSame(as: .snapshot(read)))
        #expect(value(1).isSame(as: .rest(value(1))))
        #expect(!value(1).isSame(as: value(2)))
        #expect(!value(1).isSame(as: value("1")))
        #expect(!value(1).isSame(as: .value(1, isSnapshot: false)))
        #expect(!value(Opaque()).isSame(as: value(Opaque())))
    }

    @Test("Few that are kept of many do not keep a whole read alive")
    func detached() {
        let read = Bytes(copying: Array(#"{"id":1}{"id":1}{"id":2}"#.utf8))
        var buffer = Buffer(DeliveryPolicy(.latestPerKey("id"), elements: 2))
        append([.update(read[0..<8]), .update(read[8..<16]), .update(read[16..<24])], to: &buffer)
        guard case .batch(let items, _) = buffer.take() else { return }
        #expect(items.count == 3)
        for case .update(let bytes) in items { #expect(bytes.chunk.bytes.count == 8) }
    }
}
