// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Elements with numbers that go up by one: a server that repeats, swaps, leaves out or goes back in time is found out.
struct NumberedRecoveryTests {
    private static let gap = Gap(cause: .unknown, reason: "the server went away", outage: .seconds(3))
    private static let atOnce = Gap(cause: .unknown, reason: "an element is missing", outage: .zero)

    private func updates(_ numbers: Int64...) -> [MarkedUpdate] { numbers.map { .at($0) } }

    /// A live machine that had the elements 1 to `last`.
    private func live(after last: Int64 = 5) -> ContinuityMachine {
        var machine = ContinuityMachine(.numbered)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received((1...last).map { .at($0) })
        return machine
    }

    /// One that found out that 6 is missing.
    private func asking() -> ContinuityMachine {
        var machine = live()
        _ = machine.received(updates(7))
        return machine
    }

    // MARK: - On one connection

    @Test("The first element may have any number, and the next ones go on from it")
    func first() {
        var machine = ContinuityMachine(.numbered)
        #expect(machine.wantsMarks)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(!machine.isPlain)
        #expect(!machine.wantsOnlyLastMark)
        #expect(machine.received(updates(41, 42)).texts == ["41, 42"])
        #expect(machine.received(updates(43)).texts == ["43"])
        #expect(machine.position == Position(43))
    }

    @Test("What comes twice, late or from long ago is not handed out, and noted once for each subscription")
    func repeated() {
        var machine = live()
        #expect(machine.received(updates(5)).texts == ["note: element 5 came again after 5, and is not handed out"])
        #expect(machine.received(updates(1, 2, 6, 3, 6, 7)).texts == ["6, 7"])
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        // Many servers begin with the element at the cursor.
        #expect(machine.received(updates(7)).texts == [])
        #expect(machine.received(updates(2)).texts == ["note: element 2 came again after 7, and is not handed out"])
    }

    @Test("Where one is missing it is asked for again from the last one, and nothing is handed out until then")
    func missing() {
        var machine = live()
        #expect(machine.received(updates(6, 8, 9)).texts == ["6", "ask again: element 8 came after 6"])
        #expect(!machine.isLive)
        #expect(machine.position == Position(6))
        // What still comes of the old subscription.
        #expect(machine.received(updates(7, 8, 9)).texts == [])
        #expect(machine.lost().texts == [])
        #expect(machine.subscribed(gap: Self.atOnce).texts == [])
        #expect(machine.isLive)
        #expect(machine.received(updates(7, 8)).texts == ["7, 8"])
    }

    @Test(
        "If it is missing again the server does not have it: a gap with the exact count, and on from there",
        arguments: [(7, 1), (8, 2), (1_006, 1_000)] as [(Int64, Int)]
    )
    func missingAgain(_ number: Int64, _ count: Int) {
        var machine = asking()
        _ = machine.subscribed(gap: Self.atOnce)
        // The one at the cursor does not count as the beginning.
        #expect(machine.received([.at(5)]).texts == [])
        let actions = machine.received([.at(number)])
        #expect(actions.texts == ["gap historyLost, \(number)"])
        #expect(actions.gaps.first?.count == count)
        // What was said to be missing does not come any more.
        #expect(machine.received([.at(6), .at(number + 1)]).texts.first == "\(number + 1)")
        #expect(machine.position == Position(.integer(number + 1)))
    }

    @Test("Each hole is asked for once: between two questions there is an element or a gap")
    func noEnd() {
        var machine = live()
        var questions = 0
        var delivered = 0
        // A server that leaves out every second one, whatever it is asked.
        for number in stride(from: Int64(7), through: 2_005, by: 2) {
            for action in machine.received(updates(number)) {
                switch action {
                case .askAgain:
                    questions += 1
                    _ = machine.subscribed(gap: Self.atOnce)
                    for case .deliver(let items) in machine.received(updates(number)) { delivered += items.count }
                case .deliver(let items): delivered += items.count
                default: Issue.record("\(action)")
                }
            }
        }
        #expect(questions == 1_000)
        #expect(delivered == 2_000)
    }

    @Test("A server that swaps two of them again, when it is asked again, loses one, and says so")
    func swappedTwice() {
        var machine = asking()
        _ = machine.subscribed(gap: Self.atOnce)
        let actions = machine.received(updates(7, 6, 8))
        #expect(actions.texts.first == "gap historyLost, 7, 8")
        #expect(actions.gaps.first?.count == 1)
    }

    @Test(
        "The largest numbers there are neither trap nor lie",
        arguments: [
            (Int64.max - 1, Int64.max, nil), (Int64.min, Int64.max, nil), (Int64.max - 3, Int64.max, 2),
            (-1, Int64.max - 1, Int.max - 1),
        ] as [(Int64, Int64, Int?)]
    )
    func limits(_ last: Int64, _ number: Int64, _ count: Int?) {
        var machine = ContinuityMachine(.numbered, from: Position(.integer(last)))
        _ = machine.subscribed(gap: Self.gap)
        guard number - 1 != last else {
            #expect(machine.received([.at(number)]).texts == ["\(number)"])
            #expect(machine.received([.at(.min)]).gaps.isEmpty)
            return
        }
        #expect(machine.received([.at(number)]).texts == ["ask again: element \(number) came after \(last)"])
        _ = machine.subscribed(gap: Self.atOnce)
        let actions = machine.received([.at(number)])
        #expect(actions.texts == ["gap historyLost, \(number)"])
        #expect(actions.gaps.map(\.count) == [count])
    }

    @Test("An element without a whole number is handed out, and is the last")
    func unnumbered() {
        let text = MarkedUpdate(.init(copying: Array("x".utf8)), UpdateMark(position: Position("6")))
        for update in [.plain("x"), text] {
            var machine = live()
            #expect(machine.received([.at(6), update, .at(7)]).texts == ["6, x", "fail decoding"])
        }
    }

    // MARK: - From one connection to the next

    @Test("After a drop it goes on with the next one, without a gap")
    func resumed() {
        var machine = live()
        _ = machine.lost()
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.received(updates(4, 5, 6, 7)).texts.first == "6, 7")
    }

    @Test("After a drop a server that begins too late is asked once more; then the gap says how long it was away")
    func resumedTooLate() {
        var machine = live()
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.received(updates(9)).texts == ["ask again: element 9 came after 5"])
        _ = machine.subscribed(gap: Self.atOnce)
        let actions = machine.received(updates(9, 10))
        #expect(actions.texts == ["gap historyLost, 9, 10"])
        #expect(actions.gaps.first?.count == 3)
        #expect(actions.gaps.first?.outage == .seconds(3))
    }

    @Test("A connection that breaks before the question was answered does not make another one")
    func droppedWhileAsking() {
        var machine = asking()
        _ = machine.subscribed(gap: Self.atOnce)
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.received(updates(7)).texts == ["gap historyLost, 7"])
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.received(updates(9)).texts == ["ask again: element 9 came after 7"])
    }

    @Test("It begins after a position that was saved: that number is known")
    func saved() {
        var machine = ContinuityMachine(.numbered, from: Position(7))
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.received(updates(7, 8)).texts == ["8"])
        #expect(machine.received(updates(10)).texts == ["ask again: element 10 came after 8"])
    }

    @Test("A server that refuses the position is told as lost history, and begins with any number")
    func refused() {
        var machine = asking()
        _ = machine.subscribed(gap: Self.atOnce)
        let actions = machine.refused(because: FreshetError(.operationFailed(payload: []), "5 is unknown"))
        #expect(actions?.texts == ["gap historyLost", "subscribe again"])
        #expect(machine.position == nil)
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.received(updates(3, 4)).texts == ["3, 4"])
    }

    // MARK: - Two connections

    @Test(
        "When another connection takes over it goes on with the next number, whatever has come of either",
        arguments: [[6, 7, 8, 9], [5, 6, 7, 8, 9], [8, 9], [9], []] as [[Int64]]
    )
    func takeOver(_ held: [Int64]) {
        var machine = live()
        var overlap = machine.overlap()
        overlap.confirmed()
        overlap.cameOnNew(held.map { .at($0) })
        #expect(machine.received(updates(6, 7, 8)).texts == ["6, 7, 8"])
        overlap.cameOnOld(updates(6, 7, 8))
        let actions = machine.takeOver(overlap, afterLastWord: false, gap: Self.atOnce)
        #expect(actions.gaps.isEmpty)
        #expect(actions.texts.filter { !$0.hasPrefix("note") } == (held.contains(9) ? ["9"] : []))
        #expect(machine.received(updates(9, 10)).texts.first == (held.contains(9) ? "10" : "9, 10"))
    }

    @Test("One that begins too late on the second connection is asked once more; then a gap has the count")
    func takeOverTooLate() {
        var machine = live()
        var overlap = machine.overlap()
        overlap.cameOnNew(updates(8, 9))
        #expect(
            machine.takeOver(overlap, afterLastWord: true, gap: Self.atOnce).texts
                == ["ask again: element 8 came after 5"]
        )
        _ = machine.subscribed(gap: Self.atOnce)
        let actions = machine.received(updates(8, 9))
        #expect(actions.texts == ["gap historyLost, 8, 9"])
        #expect(actions.gaps.first?.count == 2)
    }

    @Test("Subscribed on the second connection before anything had come, it goes on by number all the same")
    func takeOverWithoutPosition() {
        var machine = ContinuityMachine(.numbered)
        _ = machine.subscribed(gap: Self.gap)
        var overlap = machine.overlap()
        #expect(overlap.position == nil)
        _ = machine.received(updates(3, 4))
        overlap.cameOnOld(updates(3, 4))
        overlap.cameOnNew(updates(4, 5))
        #expect(machine.takeOver(overlap, afterLastWord: false, gap: Self.atOnce).texts.first == "5")
    }
}
