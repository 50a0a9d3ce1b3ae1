// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Sources that list first, and subscribe from there.
@Suite struct ListRecoveryTests {
    private static let gap = Gap(cause: .compacted, reason: "compacted", outage: .zero)
    private static let refusal = FreshetError(.forbidden, "no")

    private func listed(at position: Int64) -> ContinuityMachine {
        var machine = ContinuityMachine(.list)
        #expect(machine.mustList)
        #expect(machine.list().texts == ["fetch 1"])
        let listing = Fetched(.snapshot, items: [.snapshot(text: "all")], position: Position(.integer(position)))
        #expect(machine.fetched(1, listing).texts == ["snapshot all", "subscribe again"])
        #expect(!machine.mustList)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        return machine
    }

    @Test(
        "The first list makes up for nothing, also when it has to be made again, and when the connection breaks meanwhile"
    )
    func first() {
        var machine = ContinuityMachine(.list)
        #expect(machine.list(gap: Self.gap).texts == ["fetch 1"])
        #expect(machine.isListing)
        #expect(machine.refetch(1).texts == ["fetch 2"])
        #expect(machine.lost().texts == ["cancel fetch"])
        #expect(machine.list(gap: Self.gap).texts == ["fetch 3"])
    }

    @Test("The list after lost history makes up for that, also when it has to be made again")
    func afterLostHistory() {
        var machine = listed(at: 5)
        #expect(machine.historyLost(Self.gap).texts == ["gap compacted"])
        #expect(machine.mustList)
        #expect(
            machine.list(gap: Gap(cause: .unknown, reason: "", outage: .zero)).texts == ["fetch 2 for gap compacted"]
        )
        #expect(machine.refetch(2).texts == ["fetch 3 for gap compacted"])
        #expect(machine.lost().texts == ["cancel fetch"])
        #expect(machine.list(gap: Self.gap).texts == ["fetch 4 for gap compacted"])
        #expect(machine.fetched(4, Fetched(.snapshot, position: Position(.integer(9)))).texts == ["subscribe again"])
        #expect(machine.position == Position(.integer(9)))
    }

    @Test("After a drop it goes on from the last position, without a gap and without a list")
    func drop() {
        var machine = listed(at: 5)
        let update = MarkedUpdate(Bytes(copying: [65]), UpdateMark(position: Position(.integer(6))))
        #expect(machine.received([update]).texts == ["A"])
        #expect(machine.lost().texts == [])
        #expect(!machine.mustList)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.position == Position(.integer(6)))
    }

    @Test("A list without a position is the end: it would be fetched again at once, and for ever")
    func withoutPosition() {
        var machine = ContinuityMachine(.list)
        _ = machine.list()
        let actions = machine.fetched(1, Fetched(.snapshot, items: [.snapshot(text: "all")]))
        guard actions.count == 1, case .fail(let error)? = actions.first else {
            Issue.record("it goes on: \(actions.texts)")
            return
        }
        #expect(error.kind == .invalidInput)
        #expect(error.hint != nil)
    }

    @Test("A refusal is the end: that a position is gone is said in another way")
    func refused() {
        var machine = listed(at: 5)
        #expect(machine.refused(because: Self.refusal) == nil)
    }
}
