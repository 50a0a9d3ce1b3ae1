// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The last elements of a feed, and what is recognised when it comes again.
struct ReplayTests {
    /// What is left of these after a resumption.
    private func left(_ replay: inout Replay, _ updates: [MarkedUpdate]) -> [String] {
        updates.filter { !replay.isRepetition($0) }.texts
    }

    private func replay(overlap: Int, delivered: ClosedRange<Int64>) -> Replay {
        var replay = Replay(overlap: overlap)
        for position in delivered { replay.delivered(MarkedUpdate.at(position).mark) }
        return replay
    }

    @Test(
        "It resumes so many elements before the last",
        arguments: [(0, 9), (1, 8), (3, 6), (8, 1), (100, 1), (-1, 9)]
    )
    func position(overlap: Int, position: Int64) {
        let replay = replay(overlap: overlap, delivered: 1...9)
        #expect(replay.position == Position(.integer(position)))
        #expect(replay.last == Position(9))
    }

    @Test("Elements without a position do not move it")
    func withoutPosition() {
        var replay = replay(overlap: 0, delivered: 1...3)
        replay.delivered(nil)
        replay.delivered(UpdateMark(key: "k"))
        #expect(replay.position == Position(3))
        #expect(Replay(overlap: 2).position == nil)
        #expect(Replay(overlap: 2).last == nil)
    }

    @Test("A saved position is where it begins")
    func saved() {
        var replay = Replay(overlap: 5, from: Position(4))
        #expect(replay.position == Position(4))
        replay.delivered(MarkedUpdate.at(5).mark)
        #expect(replay.position == Position(4))
        #expect(replay.last == Position(5))
    }

    @Test("Before it is resumed nothing is a repetition")
    func notBegun() {
        var replay = replay(overlap: 2, delivered: 1...3)
        #expect(!replay.isExpecting)
        #expect(left(&replay, [.at(2), .at(3)]) == ["2", "3"])
    }

    @Test("What comes again is recognised once, in whatever order")
    func recognised() {
        var replay = replay(overlap: 2, delivered: 1...9)
        replay.begin()
        #expect(replay.isExpecting)
        #expect(left(&replay, [.at(9), .at(7), .at(10), .at(8), .at(9)]) == ["10", "9"])
        #expect(!replay.isExpecting)
    }

    @Test("After as many new ones as there were old ones, nothing is taken for a repetition any more")
    func patience() {
        var replay = replay(overlap: 1, delivered: 1...9)
        replay.begin()
        #expect(left(&replay, [.at(20), .at(21)]) == ["20", "21"])
        #expect(replay.isExpecting)
        var early = replay
        #expect(left(&early, [.at(8)]) == [])
        #expect(left(&replay, [.at(22), .at(8), .at(9)]) == ["22", "8", "9"])
        #expect(!replay.isExpecting)
    }

    @Test("Each resumption expects anew")
    func again() {
        var replay = replay(overlap: 0, delivered: 1...3)
        for _ in 0..<3 {
            replay.begin()
            #expect(left(&replay, [.at(3)]) == [])
            #expect(!replay.isExpecting)
        }
    }

    @Test("What another connection has delivered is expected as often as it came")
    func expect() {
        var replay = Replay(overlap: 0)
        replay.begin()
        replay.expect(["a", "b", "a"])
        #expect(left(&replay, [.plain("a"), .plain("b"), .plain("a"), .plain("a")]) == ["a"])
    }

    @Test("What is among the last elements and was delivered by another connection is expected once")
    func expectRecent() {
        var replay = replay(overlap: 1, delivered: 1...9)
        replay.begin()
        replay.expect([.integer(8), .integer(9)])
        #expect(left(&replay, [.at(8), .at(9), .at(10), .at(9)]) == ["10", "9"])
    }

    @Test("Expecting more is waiting for more new ones")
    func expectPatience() {
        var replay = replay(overlap: 0, delivered: 1...9)
        replay.begin()
        replay.expect([.integer(11), .integer(12)])
        #expect(left(&replay, [.at(20), .at(21), .at(22), .at(12)]) == ["20", "21", "22"])
    }

    @Test("Forgetting begins anew, without a position and without expectations")
    func forget() {
        var replay = replay(overlap: 2, delivered: 1...9)
        replay.begin()
        replay.forget()
        #expect(replay.position == nil)
        #expect(!replay.isExpecting)
        #expect(left(&replay, [.at(9)]) == ["9"])
    }

    @Test("Memory is bounded by the overlap")
    func bounded() {
        let replay = replay(overlap: 3, delivered: 1...10_000)
        #expect(replay.position == Position(9997))
    }
}
