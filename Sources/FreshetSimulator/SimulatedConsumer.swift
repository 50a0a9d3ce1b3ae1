// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One consumer: the real buffer, emptied when its pace says so, and the log of what was handed out.
final class SimulatedConsumer {
    enum Entry: Equatable {
        case update(Int)
        case snapshot(Int)
        /// A snapshot that was got by polling.
        case polled(Int)
        case gap(Gap)
        case end(FreshetError?)
    }

    let id: UInt64
    let kind: Scenario.Kind
    let topic: Int
    /// Whether its snapshot is to be had without the WebSocket.
    let isPollable: Bool
    let delivery: DeliveryPolicy
    /// How long it takes for what it has.
    let pace: () -> Duration
    var buffer: DeliveryBuffer<FeedItem>
    private(set) var log: [Entry] = []
    var isScheduled = false
    var hasLeft = false
    private(set) var isOver = false
    init(
        id: UInt64,
        kind: Scenario.Kind,
        topic: Int,
        isPollable: Bool,
        delivery: DeliveryPolicy,
        pace: @escaping () -> Duration
    ) {
        self.id = id
        self.kind = kind
        self.topic = topic
        self.isPollable = isPollable
        self.delivery = delivery
        self.pace = pace
        self.buffer = DeliveryBuffer(delivery)
    }

    private static let numberPath = JSONPath("data.e.n")

    func note(_ items: [FeedItem]) {
        for item in items {
            switch item {
            case .update(let json): self.log.append(.update(Self.number(json)))
            case .snapshot(let json): self.log.append(.snapshot(Self.number(json)))
            case .gap(let gap): self.log.append(.gap(gap))
            case .rest(.snapshot(let json)): self.log.append(.polled(Self.number(json)))
            case .rest(.gap(let gap)): self.log.append(.gap(gap))
            case .value, .bookmark, .rest: break
            }
        }
    }

    func ended(_ end: DeliveryBuffer<FeedItem>.End) {
        self.isOver = true
        switch end {
        case .finished: self.log.append(.end(nil))
        case .failed(let error): self.log.append(.end(error))
        }
    }

    private static func number(_ json: Bytes) -> Int {
        guard case .integer(let number)? = Self.numberPath.find(in: json).flatMap({ JSONValue(scalar: $0) }) else {
            return -1
        }
        return Int(number)
    }
}
