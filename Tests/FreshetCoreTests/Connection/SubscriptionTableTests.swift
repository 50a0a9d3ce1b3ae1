// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct SubscriptionTableTests {
    private typealias ID = SubscriptionTable.ID

    /// All that may be sent at `now`, and what is said after that.
    private func sent(
        _ table: inout SubscriptionTable,
        at now: Duration = .zero
    ) -> (ids: [SubscriptionTable.ID], then: SubscriptionTable.Step) {
        var ids: [ID] = []
        while true {
            let step = table.next(at: now)
            guard case .send(let id) = step else { return (ids, step) }
            ids.append(id)
        }
    }

    @Test("What there is when the connection comes about is sent in the order in which it was made")
    func order() {
        var table = SubscriptionTable([3, 7, 5, 20, 1])
        let all = sent(&table)
        #expect(all.ids == [3, 7, 5, 20, 1])
        #expect(all.then == .nothing)
        #expect(sent(&table).ids == [])
    }

    @Test("What is added later is sent after what waits, once")
    func added() {
        var table = SubscriptionTable([1, 2])
        #expect(table.next(at: .zero) == .send(1))
        table.add(3)
        #expect(sent(&table).ids == [2, 3])
        table.add(4)
        #expect(sent(&table).ids == [4])
        #expect(table.next(at: .zero) == .nothing)
    }

    @Test("B36 B45 Leaving is told to the server only when it knows the subscription, and only once")
    func remove() {
        var table = SubscriptionTable([1, 2, 3])
        #expect(table.next(at: .zero) == .send(1))
        #expect(table.remove(1) == true)
        #expect(table.remove(1) == false)
        #expect(table.remove(2) == false)
        #expect(table.remove(99) == false)
        #expect(sent(&table).ids == [3])
    }

    @Test("A subscription that the server refused for now is not in the queue, and not known to it")
    func rest() {
        var table = SubscriptionTable([1, 2, 3])
        _ = sent(&table)
        table.rest(2)
        #expect(table.resting == 1)
        #expect(table.unsent == 1)
        #expect(table.next(at: .zero) == .nothing)
        #expect(table.remove(2) == false)
        #expect(table.resting == 0)
        #expect(table.unsent == 0)
    }

    @Test("It is sent again after all that wait")
    func requeue() {
        var table = SubscriptionTable([1, 2])
        _ = sent(&table)
        table.rest(1)
        table.add(3)
        table.requeue(1)
        #expect(table.resting == 0)
        #expect(table.unsent == 2)
        #expect(sent(&table).ids == [3, 1])
        #expect(table.remove(1) == true)
    }

    @Test("One that rests before it was sent is not sent before its time")
    func restBeforeSent() {
        var table = SubscriptionTable([1, 2, 3])
        table.rest(2)
        #expect(sent(&table).ids == [1, 3])
        table.requeue(2)
        #expect(sent(&table).ids == [2])
    }

    @Test("What is subscribed is subscribed again when the source asks for it, and what waits is not sent twice")
    func requeueSentAndWaiting() {
        var table = SubscriptionTable([1, 2])
        #expect(table.next(at: .zero) == .send(1))
        table.requeue(1)
        table.requeue(2)
        #expect(sent(&table).ids == [2, 1])
    }

    @Test("Nothing comes of what is not there")
    func unknown() {
        var table = SubscriptionTable([1])
        table.rest(9)
        table.requeue(9)
        table.confirmed(9)
        #expect(table.resting == 0)
        #expect(table.unsent == 1)
        #expect(sent(&table).ids == [1])
    }

    @Test("What is unsent is counted, whether it waits or rests")
    func counts() {
        var table = SubscriptionTable([1, 2, 3, 4])
        #expect(table.unsent == 4)
        #expect(table.resting == 0)
        _ = table.next(at: .zero)
        _ = table.next(at: .zero)
        #expect(table.unsent == 2)
        table.rest(1)
        #expect(table.unsent == 3)
        #expect(table.resting == 1)
        #expect(table.remove(3) == false)
        #expect(table.unsent == 2)
    }

    // MARK: - Pace

    @Test("B48 A burst goes out without a pause, and the next one after it")
    func pace() {
        var table = SubscriptionTable(Array(1...7), pace: SubscriptionPace(burst: 3, interval: .milliseconds(20)))
        let first = sent(&table, at: .seconds(1))
        #expect(first.ids == [1, 2, 3])
        #expect(first.then == .wait(.milliseconds(20)))
        let early = sent(&table, at: .seconds(1) + .milliseconds(15))
        #expect(early.ids == [])
        #expect(early.then == .wait(.milliseconds(5)))
        let second = sent(&table, at: .seconds(1) + .milliseconds(20))
        #expect(second.ids == [4, 5, 6])
        #expect(second.then == .wait(.milliseconds(20)))
        let third = sent(&table, at: .seconds(1) + .milliseconds(40))
        #expect(third.ids == [7])
        #expect(third.then == .nothing)
    }

    @Test("What comes later shares the burst that has begun")
    func sharedBurst() {
        var table = SubscriptionTable([1, 2], pace: SubscriptionPace(burst: 3, interval: .milliseconds(20)))
        #expect(sent(&table).ids == [1, 2])
        for id in 3...5 as ClosedRange<SubscriptionTable.ID> { table.add(id) }
        let shared = sent(&table, at: .milliseconds(10))
        #expect(shared.ids == [3])
        #expect(shared.then == .wait(.milliseconds(10)))
        #expect(sent(&table, at: .milliseconds(20)).ids == [4, 5])
    }

    @Test("After a pause that nobody had to make, a whole burst goes out")
    func restedBurst() {
        var table = SubscriptionTable([1, 2], pace: SubscriptionPace(burst: 2, interval: .milliseconds(20)))
        #expect(sent(&table).ids == [1, 2])
        table.add(3)
        table.add(4)
        #expect(sent(&table, at: .seconds(10)).ids == [3, 4])
    }

    @Test("64 every 20 ms unless said otherwise, and without an interval all at once")
    func defaults() {
        var table = SubscriptionTable(Array(1...65))
        let first = sent(&table)
        #expect(first.ids.count == 64)
        #expect(first.then == .wait(.milliseconds(20)))
        var hasty = SubscriptionTable(Array(1...1000), pace: SubscriptionPace(burst: 1, interval: .zero))
        #expect(sent(&hasty).ids.count == 1000)
        #expect(SubscriptionPace(burst: 0).burst == 1)
    }

    @Test("What has left is no part of a burst")
    func removedFromBurst() {
        var table = SubscriptionTable(Array(1...4), pace: SubscriptionPace(burst: 2, interval: .milliseconds(20)))
        _ = table.remove(1)
        _ = table.remove(2)
        #expect(sent(&table).ids == [3, 4])
    }

    // MARK: - One by one

    @Test("One by one, each waits for the server's word on the one before")
    func oneByOne() {
        var table = SubscriptionTable([1, 2, 3], oneByOne: true)
        #expect(sent(&table).ids == [1])
        table.confirmed(2)
        #expect(table.next(at: .seconds(9)) == .nothing)
        table.confirmed(1)
        #expect(sent(&table).ids == [2])
        table.confirmed(2)
        #expect(sent(&table).ids == [3])
    }

    @Test("One by one, an end or a refusal is a word too", arguments: [0, 1, 2])
    func oneByOneEnds(_ way: Int) {
        var table = SubscriptionTable([1, 2], oneByOne: true)
        #expect(sent(&table).ids == [1])
        switch way {
        case 0: #expect(table.remove(1) == true)
        case 1: table.rest(1)
        default: table.requeue(1)
        }
        #expect(sent(&table).ids == [2])
    }

    @Test("One by one, the pace is kept as well")
    func oneByOnePaced() {
        var table = SubscriptionTable(
            [1, 2],
            pace: SubscriptionPace(burst: 1, interval: .milliseconds(20)),
            oneByOne: true
        )
        #expect(sent(&table).ids == [1])
        table.confirmed(1)
        #expect(table.next(at: .milliseconds(5)) == .wait(.milliseconds(15)))
        #expect(sent(&table, at: .milliseconds(20)).ids == [2])
    }
}
