// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The README's row for GraphQL with a cursor: resuming, duplicates, and servers that cannot or went back.
struct PositionRecoveryTests {
    private static let gap = Gap(cause: .unknown, reason: "the server went away", outage: .seconds(3))
    private static let refusal = FreshetError(.operationFailed(payload: []), "cursor 10 is unknown")

    /// A machine that had the elements 1 to `last`, and was lost.
    private func lost(after last: Int64 = 10, overlap: Int = 0) -> ContinuityMachine {
        var machine = ContinuityMachine(.position(overlap: overlap))
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received((1...last).map { .at($0) })
        _ = machine.lost()
        return machine
    }

    @Test("At the beginning there is no position, and no gap")
    func beginning() {
        var machine = ContinuityMachine(.position(overlap: 0))
        #expect(machine.position == nil)
        #expect(machine.wantsMarks)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.isLive)
        #expect(!machine.isPlain)
        #expect(machine.received([.at(1), .at(2)]).texts == ["1, 2"])
        #expect(machine.position == Position(2))
    }

    @Test("It begins at a position that was saved, without a gap, and knows that element")
    func savedPosition() {
        var machine = ContinuityMachine(.position(overlap: 0), from: Position(7))
        #expect(machine.position == Position(7))
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.isLive)
        #expect(machine.received([.at(7), .at(8)]).texts == ["8"])
        #expect(machine.position == Position(8))
    }

    @Test("After a drop it resumes at its position: every change once, in order, no gap", arguments: [0, 1, 3])
    func resumed(overlap: Int) {
        var machine = lost(overlap: overlap)
        let position = Int64(10 - overlap)
        #expect(machine.position == Position(.integer(position)))
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        // A server that includes the position, and one that does not.
        var exclusive = machine
        #expect(machine.received((position...12).map { .at($0) }).texts == ["11, 12"])
        #expect(exclusive.received((position + 1...12).map { .at($0) }).texts == ["11, 12"])
        #expect(machine.position == Position(.integer(Int64(12 - overlap))))
    }

    @Test("Duplicates are removed however they are cut into batches")
    func batches() {
        var machine = lost(overlap: 2)
        _ = machine.subscribed(gap: Self.gap)
        #expect((8...12).flatMap { machine.received([.at($0)]).texts } == ["11", "12"])
    }

    @Test("Lost again before anything new has come, it resumes from the same position")
    func lostWhileReplaying() {
        var machine = lost(overlap: 1)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received([.at(9)])
        #expect(machine.lost().texts == [])
        #expect(machine.position == Position(9))
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.received([.at(9), .at(10), .at(11)]).texts == ["11"])
    }

    @Test("Without a position yet, a drop leaves a gap", arguments: [true, false])
    func dropWithoutPosition(hasElements: Bool) {
        var machine = ContinuityMachine(.position(overlap: 0))
        _ = machine.subscribed(gap: Self.gap)
        if hasElements { #expect(machine.received([.plain("no cursor in it")]).texts == ["no cursor in it"]) }
        _ = machine.lost()
        let actions = machine.subscribed(gap: Self.gap)
        #expect(actions.texts == ["gap unknown"])
        #expect(actions.gaps == [Self.gap])
    }

    @Test("A duplicate is removed once: the same key later is a new element")
    func removedOnce() {
        var machine = lost()
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.received([.at(10), .at(11), .at(10)]).texts == ["11, 10"])
    }

    @Test("A server that went back in time: a gap stands before what it sends, and that is handed out")
    func wentBack() {
        var machine = lost()
        _ = machine.subscribed(gap: Self.gap)
        let actions = machine.received([.at(3, "new 3"), .at(4, "new 4")])
        #expect(actions.texts == ["gap historyLost, new 3, new 4"])
        #expect(machine.position == Position(4))
        // It is told once.
        #expect(machine.received([.at(5)]).texts == ["5"])
    }

    @Test("A server that went back and reaches the old keys again is not taken for one that repeats itself")
    func wentBackAndCaughtUp() {
        var machine = lost(overlap: 1)
        _ = machine.subscribed(gap: Self.gap)
        let texts = machine.received((1...11).map { .at($0) }).texts
        #expect(texts == ["gap historyLost, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"])
    }

    @Test("Opaque positions have no order: nobody can say that the server went back")
    func opaque() {
        var machine = ContinuityMachine(.position(overlap: 0), from: Position("m"))
        _ = machine.subscribed(gap: Self.gap)
        let update = MarkedUpdate(Bytes(copying: [65]), UpdateMark(key: "a", position: Position("a")))
        #expect(machine.received([update]).texts == ["A"])
    }

    @Test("A server that refuses the position: the gap says that history is lost, and it begins anew")
    func refused() throws {
        var machine = lost()
        _ = machine.subscribed(gap: Self.gap)
        let refusal = machine.refused(because: Self.refusal)
        let actions = try #require(refusal)
        #expect(actions.texts == ["gap historyLost", "subscribe again"])
        #expect(actions.gaps.first?.reason == Self.refusal.message)
        #expect(machine.position == nil)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.received([.at(10), .at(11)]).texts == ["10, 11"])
        #expect(machine.position == Position(11))
    }

    @Test("A server that refuses the subscription without a position has the last word")
    func refusedWithoutPosition() {
        var machine = lost()
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.refused(because: Self.refusal) != nil)
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.refused(because: Self.refusal) == nil)
    }

    @Test("An error that comes after new elements is no refusal of the position")
    func failedLater() {
        var machine = lost()
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received([.at(11)])
        #expect(machine.refused(because: Self.refusal) == nil)
    }

    @Test("Without a position a refusal is the end", arguments: [.none, .snapshot, .custom] as [Recovery])
    func refusedOthers(_ recovery: Recovery) {
        var machine = ContinuityMachine(recovery)
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.refused(because: Self.refusal) == nil)
        _ = machine.confirmed()
        #expect(machine.refused(because: Self.refusal) == nil)
    }

    // MARK: - Two connections

    /// What came on both since the second was subscribed.
    private func both(_ machine: ContinuityMachine, old: [MarkedUpdate], new: [MarkedUpdate]) -> Overlap {
        var overlap = machine.overlap()
        overlap.cameOnOld(old)
        overlap.cameOnNew(new)
        return overlap
    }

    @Test(
        "The second connection takes over: what the first has delivered is not handed out again, however far it has gone on",
        arguments: [0, 1, 3, 9]
    )
    func takeOverWithOverlap(overlap: Int) {
        var machine = ContinuityMachine(.position(overlap: overlap))
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received((1...10).map { .at($0) })
        // The second one is subscribed now, from the position on, and includes it.
        #expect(machine.position == Position(.integer(Int64(10 - overlap))))
        let since: [MarkedUpdate] = (11...20).map { .at($0) }
        let both = both(machine, old: since, new: (Int64(10 - overlap)...12).map { .at($0) })
        #expect(machine.received(since).texts == ["11, 12, 13, 14, 15, 16, 17, 18, 19, 20"])
        #expect(machine.takeOver(both, afterLastWord: false, gap: Self.gap).texts == [])
        #expect(machine.isLive)
        #expect(machine.received((13...22).map { .at($0) }).texts == ["21, 22"])
    }

    @Test("What it has that the first one had not is handed out at once")
    func takeOverAhead() {
        var machine = ContinuityMachine(.none)
        _ = machine.subscribed(gap: Self.gap)
        let both = both(machine, old: [.plain("a")], new: [.plain("a"), .plain("b"), .plain("c")])
        _ = machine.received([.plain("a")])
        #expect(machine.takeOver(both, afterLastWord: true, gap: Self.gap).texts == ["b, c"])
        #expect(machine.isPlain)
    }

    @Test("Equal payloads that are still to come again are removed as often as they came")
    func takeOverRepeated() {
        var machine = ContinuityMachine(.none)
        _ = machine.subscribed(gap: Self.gap)
        let old: [MarkedUpdate] = [.plain("x"), .plain("a"), .plain("a")]
        let both = both(machine, old: old, new: [.plain("x")])
        _ = machine.received(old)
        #expect(machine.takeOver(both, afterLastWord: true, gap: Self.gap).texts == [])
        #expect(!machine.isPlain)
        #expect(machine.received([.plain("a"), .plain("a"), .plain("a")]).texts == ["a"])
        #expect(machine.isPlain)
    }

    @Test("When nobody knows where the second one begins, a gap says so, and nothing is handed out twice")
    func takeOverBlindly() {
        var machine = ContinuityMachine(.none)
        _ = machine.subscribed(gap: Self.gap)
        let both = both(machine, old: [.plain("a"), .plain("b")], new: [.plain("d")])
        _ = machine.received([.plain("a"), .plain("b")])
        #expect(machine.takeOver(both, afterLastWord: false, gap: Self.gap).texts == ["gap unknown", "d"])
        #expect(machine.received([.plain("b"), .plain("e")]).texts == ["e"])
    }

    @Test("A subscription that was lost on the first connection resumes on the second")
    func takeOverLost() {
        var machine = ContinuityMachine(.position(overlap: 0))
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received([.at(1)])
        _ = machine.lost()
        let both = both(machine, old: [], new: [.at(1), .at(2)])
        #expect(machine.takeOver(both, afterLastWord: true, gap: Self.gap).texts == ["2"])
    }

    @Test("One that has to take over before it is known to be subscribed fetches the state when it is, and not before")
    func takeOverUnconfirmed() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.fetched(1, Fetched(.snapshot, items: []))
        #expect(machine.takeOver(machine.overlap(), afterLastWord: false, gap: Self.gap).texts == ["gap unknown"])
        #expect(!machine.isFetching(2))
        _ = machine.confirmed()
        #expect(machine.isFetching(2))
    }

    @Test("A server that refuses the position after its connection had to take over loses the history, not the feed")
    func refusedAfterTakeOver() {
        var machine = ContinuityMachine(.position(overlap: 0))
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received([.at(1)])
        // The old connection broke before the new one had said anything.
        #expect(machine.takeOver(machine.overlap(), afterLastWord: false, gap: Self.gap).texts == [])
        #expect(machine.refused(because: Self.refusal)?.texts == ["gap historyLost", "subscribe again"])
    }
}
