// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Random appends and takes against what a buffer promises: order, exact counts, bounds.
struct DeliveryPropertyTests {
    private typealias Buffer = DeliveryBuffer<TestElement>

    private static let policies: [DeliveryPolicy] = [1, 2, 7, 64, 200].flatMap { limit in
        [.suspending, .dropOldest, .latestPerKey("key"), .failOnOverflow].map { overflow in
            DeliveryPolicy(overflow, elements: limit, bytes: limit * 10)
        }
    }

    /// What a consumer may see, and what it has seen.
    private struct Model {
        /// Numbers of what was appended and not handed out, and gaps among them.
        var waiting: [TestElement] = []
        var appended = 0
        var handedOut = 0
        var missing = 0
        var gaps = 0

        mutating func took(_ batch: [TestElement], _ policy: DeliveryPolicy) -> String? {
            let kept = batch.filter(\.isDroppable)
            self.handedOut += kept.count
            self.missing += batch.reduce(0) { $0 + ($1.missing ?? 0) }
            let numbers = kept.map(\.number)
            guard numbers == numbers.sorted(), Set(numbers).count == numbers.count else { return "out of order" }
            let all = self.waiting.filter(\.isDroppable)
            defer { self.waiting = [] }
            switch policy.overflow {
            case .suspending, .failOnOverflow:
                guard batch == self.waiting else { return "not all, or not in order" }
            case .dropOldest:
                guard kept == Array(all.suffix(kept.count)) else { return "not the newest" }
            case .latestPerKey:
                guard kept.count < all.count else { break }
                let latest = Dictionary(all.map { ($0.keyed ?? 0, $0.number) }) { _, last in last }
                // Whatever is missing was superseded, or is older than all that is left.
                let oldest = kept.first?.number ?? Int.max
                for element in all where !numbers.contains(element.number) {
                    let isSuperseded = latest[element.keyed ?? 0] != element.number
                    guard isSuperseded || element.number < oldest else { return "\(element) is missing" }
                }
                for number in latest.values where number > oldest && !numbers.contains(number) {
                    return "the latest, \(number), is missing"
                }
            }
            guard self.handedOut + self.missing == self.appended + self.gaps else { return "the counts do not add up" }
            guard kept.count == all.count || batch.first?.isDroppable == false else { return "no gap before the rest" }
            return nil
        }
    }

    @Test("What is handed out and what is said to be missing is all that was appended", arguments: policies)
    func counts(_ policy: DeliveryPolicy) {
        for seed in 0..<40 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var buffer = Buffer(policy)
            var model = Model()
            var number = 0
            for _ in 0..<60 {
                var batch: [TestElement] = []
                for _ in 0..<random.below(12) {
                    if random.chance(1, in: 10) {
                        batch.append(.gap(1 + random.below(3)))
                        continue
                    }
                    number += 1
                    batch.append(TestElement(number, size: random.below(12), key: random.below(5)))
                }
                guard buffer.append(batch) != .overflowed else { break }
                model.waiting += batch
                model.appended += batch.filter(\.isDroppable).count
                model.gaps += batch.reduce(0) { $0 + ($1.missing ?? 0) }
                if let problem = bounds(buffer, policy) { return fail(problem, seed) }
                guard random.chance(1, in: 5) else { continue }
                if let problem = model.took(buffer.takeAll(), policy) { return fail(problem, seed) }
            }
        }
    }

    private func bounds(_ buffer: DeliveryBuffer<TestElement>, _ policy: DeliveryPolicy) -> String? {
        var copy = buffer
        let size = copy.takeAll().reduce(0) { $0 + $1.size }
        guard size == buffer.byteCount else { return "\(buffer.byteCount) bytes are counted, \(size) are there" }
        let slack: Int
        switch policy.overflow {
        case .suspending: return nil
        case .latestPerKey: slack = 8
        case .dropOldest, .failOnOverflow: slack = Int.max
        }
        guard buffer.count > 1 else { return nil }
        guard buffer.count <= policy.elements + policy.elements / slack else { return "\(buffer.count) elements wait" }
        guard buffer.byteCount <= policy.bytes + policy.bytes / slack else { return "\(buffer.byteCount) bytes wait" }
        return nil
    }

    private func fail(_ problem: String, _ seed: UInt64) {
        Issue.record("seed \(seed): \(problem)")
    }

    @Test(
        "Memory stays a small multiple of the limit, however much is dropped",
        arguments: [1, 10, 1000],
        [.dropOldest, .latestPerKey("key")] as [DeliveryPolicy.Overflow]
    )
    func memory(limit: Int, overflow: DeliveryPolicy.Overflow) {
        let alive = Alive()
        var buffer = DeliveryBuffer<CountedElement>(DeliveryPolicy(overflow, elements: limit))
        var most = 0
        for number in 0..<20_000 {
            _ = buffer.append([CountedElement(number, alive)], bytes: 1)
            most = max(most, alive.count)
        }
        #expect(most <= 3 * limit + 130)
        #expect(buffer.count <= limit + limit / 8)
        #expect(buffer.droppedInAll == 20_000 - buffer.count)
        _ = buffer.discard()
        #expect(alive.count == 0)
    }
}
