// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetTransport

struct TimerQueueTests {
    /// What has run. The queue's bodies take nothing and give nothing.
    private final class Log {
        var names: [String] = []
    }

    /// Any instant: only the distances count.
    private static let start = ContinuousClock.now

    private let log = Log()

    private func add(_ name: String, _ seconds: Int, to queue: inout TimerQueue) -> UInt64 {
        let log = log
        return queue.add(due: Self.start + .seconds(seconds)) { log.names.append(name) }
    }

    private func run(_ queue: inout TimerQueue, at seconds: Int) -> [String] {
        log.names = []
        while let body = queue.popDue(at: Self.start + .seconds(seconds)) { body() }
        return log.names
    }

    @Test("What is due comes in the order of time, and once")
    func order() {
        var queue = TimerQueue()
        _ = add("c", 3, to: &queue)
        _ = add("a", 1, to: &queue)
        _ = add("d", 4, to: &queue)
        _ = add("b", 2, to: &queue)
        #expect(run(&queue, at: 0) == [])
        #expect(run(&queue, at: 3) == ["a", "b", "c"])
        #expect(run(&queue, at: 3) == [])
        #expect(run(&queue, at: 100) == ["d"])
    }

    @Test("Of the same time the earlier comes first")
    func sameTime() {
        var queue = TimerQueue()
        _ = add("later", 2, to: &queue)
        for name in ["a", "b", "c"] { _ = add(name, 1, to: &queue) }
        #expect(run(&queue, at: 1) == ["a", "b", "c"])
    }

    @Test("The next is the earliest, which may have been cancelled")
    func nextDue() {
        var queue = TimerQueue()
        #expect(queue.nextDue == nil)
        _ = add("b", 2, to: &queue)
        let first = add("a", 1, to: &queue)
        #expect(queue.nextDue == Self.start + .seconds(1))
        queue.cancel(first)
        #expect(run(&queue, at: 1) == [])
        #expect(queue.nextDue == Self.start + .seconds(2))
        _ = run(&queue, at: 2)
        #expect(queue.nextDue == nil)
    }

    @Test("What was cancelled does not come, and cancelling again takes nothing else")
    func cancel() {
        var queue = TimerQueue()
        let a = add("a", 1, to: &queue)
        _ = add("b", 1, to: &queue)
        queue.cancel(a)
        queue.cancel(a)
        #expect(run(&queue, at: 1) == ["b"])
        _ = add("c", 2, to: &queue)
        queue.cancel(a)
        #expect(run(&queue, at: 2) == ["c"])
    }

    @Test("An id is never used again")
    func uniqueIDs() {
        var queue = TimerQueue()
        var seen: Set<UInt64> = []
        for round in 0..<10 {
            #expect(seen.insert(add("x", round, to: &queue)).inserted)
            _ = run(&queue, at: round)
        }
    }

    @Test("Removing all leaves nothing")
    func removeAll() {
        var queue = TimerQueue()
        _ = add("a", 1, to: &queue)
        queue.removeAll()
        #expect(queue.nextDue == nil)
        #expect(run(&queue, at: 9) == [])
    }
}
