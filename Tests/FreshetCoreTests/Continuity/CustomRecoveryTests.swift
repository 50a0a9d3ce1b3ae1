// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// A function of the user's that knows what to fetch after a loss.
struct CustomRecoveryTests {
    private static let gap = Gap(cause: .unknown, reason: "the server went away", outage: .seconds(3))

    /// A machine that has lost its subscription, has subscribed again and fetches for the second time.
    private func fetching() -> ContinuityMachine {
        var machine = ContinuityMachine(.custom)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.fetched(1, Fetched(.nothing))
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received([.plain("a")])
        return machine
    }

    @Test("At the beginning it is asked without a gap, and may have nothing")
    func beginning() {
        var machine = ContinuityMachine(.custom)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.received([.plain("a")]).texts == [])
        #expect(machine.confirmed().texts == ["fetch 1"])
        #expect(machine.fetched(1, Fetched(.nothing)).texts == ["a"])
        #expect(machine.isLive)
    }

    @Test("After a drop it is told of the gap, which is withheld from the feed meanwhile")
    func asked() {
        var machine = ContinuityMachine(.custom)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        #expect(machine.fetched(1, Fetched(.nothing)).texts == [])
        _ = machine.lost()
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        let actions = machine.confirmed()
        #expect(actions.texts == ["fetch 2 for gap unknown"])
        #expect(actions.gaps == [Self.gap])
    }

    @Test("It had every change: there is no gap")
    func changes() {
        var machine = fetching()
        let fetched = Fetched(.changes, items: [.value(1, isSnapshot: false), .value(2, isSnapshot: false)])
        #expect(machine.fetched(2, fetched).texts == ["value 1, value 2, a"])
    }

    @Test("It had the whole state: the gap stands before it")
    func snapshot() {
        var machine = fetching()
        let actions = machine.fetched(2, Fetched(.snapshot, items: [.value(1, isSnapshot: true)]))
        #expect(actions.texts == ["gap unknown, value 1, a"])
        #expect(actions.gaps == [Self.gap])
    }

    @Test("It had nothing: the gap remains")
    func nothing() {
        var machine = fetching()
        #expect(machine.fetched(2, Fetched(.nothing)).texts == ["gap unknown, a"])
        // And it is told once.
        #expect(machine.received([.plain("b")]).texts == ["b"])
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.confirmed().gaps == [Self.gap])
    }

    @Test("The gap survives a fetch that fails, and one that is too old")
    func gapSurvives() {
        var machine = fetching()
        #expect(machine.refetch(2).gaps == [Self.gap])
        _ = machine.received(Array(repeating: .plain("x"), count: ContinuityMachine.heldElements + 1))
        #expect(machine.fetched(3, Fetched(.nothing)).texts == ["fetch later, after 3"])
        #expect(machine.refetch(3).gaps == [Self.gap])
        #expect(machine.fetched(4, Fetched(.nothing)).texts == ["gap unknown"])
    }

    @Test(
        "A gap that was withheld when the subscription was lost again is part of the next one",
        arguments: [true, false]
    )
    func lostAgain(whileFetching: Bool) {
        var machine = fetching()
        if !whileFetching {
            _ = machine.lost()
            _ = machine.subscribed(gap: Gap(cause: .unknown, reason: "again", outage: .zero))
        }
        #expect(machine.lost().texts == (whileFetching ? ["cancel fetch"] : []))
        let second = Gap(cause: .unknown, reason: "again", outage: .seconds(1))
        #expect(machine.subscribed(gap: second).texts == [])
        let gaps = machine.confirmed().gaps
        #expect(gaps == [Gap(cause: .unknown, reason: "again", outage: .seconds(4))])
        // What was told belongs to no later gap.
        _ = machine.fetched(3, Fetched(.nothing))
        _ = machine.lost()
        _ = machine.subscribed(gap: second)
        #expect(machine.confirmed().gaps == [second])
    }
}
