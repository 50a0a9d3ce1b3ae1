// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The README's rows for GraphQL without a snapshot and with one: what a feed hears after a drop, and in which order.
struct ContinuityMachineTests {
    private static let gap = Gap(cause: .unknown, reason: "the server went away", outage: .seconds(3))
    private static let all: [Recovery] = [
        .none, .snapshot, .custom, .position(overlap: 0), .position(overlap: 2), .numbered,
    ]

    private func updates(_ texts: String...) -> [MarkedUpdate] { texts.map { .plain($0) } }

    private func snapshot(_ text: String, versions: [JSONValue: Position] = [:]) -> Fetched {
        Fetched(.snapshot, items: [.snapshot(text: text)], versions: versions)
    }

    /// A machine that went live with its first snapshot.
    private func live() -> ContinuityMachine {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.fetched(1, snapshot("S1"))
        return machine
    }

    // MARK: - Neither snapshot nor position

    @Test("With neither: everything is handed out as it comes, and no gap at the beginning")
    func none() {
        var machine = ContinuityMachine(.none)
        #expect(!machine.isLive)
        #expect(!machine.isPlain)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.isLive)
        #expect(machine.isPlain)
        #expect(!machine.wantsMarks)
        #expect(machine.confirmed().texts == [])
        #expect(machine.received(updates("a", "b")).texts == ["a, b"])
        #expect(machine.received([]).texts == [])
    }

    @Test("With neither: after a drop a gap stands before what follows, once")
    func noneAfterDrop() {
        var machine = ContinuityMachine(.none)
        _ = machine.subscribed(gap: Self.gap)
        #expect(machine.lost().texts == [])
        #expect(machine.lost().texts == [])
        #expect(!machine.isLive)
        #expect(machine.received(updates("late")).texts == [])
        let actions = machine.subscribed(gap: Self.gap)
        #expect(actions.texts == ["gap unknown"])
        #expect(actions.gaps == [Self.gap])
        #expect(machine.received(updates("a")).texts == ["a"])
        #expect(machine.refused(because: FreshetError(.closed(code: 1000), "no")) == nil)
    }

    @Test("What was never subscribed has lost nothing", arguments: all)
    func lostBeforeSubscribed(_ recovery: Recovery) {
        var machine = ContinuityMachine(recovery)
        #expect(machine.lost().texts == [])
        #expect(machine.received(updates("a")).texts == [])
        #expect(machine.confirmed().texts == [])
        #expect(machine.subscribed(gap: Self.gap).texts == [])
    }

    // MARK: - A snapshot

    @Test("With a snapshot: subscribe, hold, fetch, merge, hand out in one batch, go live")
    func snapshotAtTheBeginning() {
        var machine = ContinuityMachine(.snapshot)
        #expect(machine.wantsMarks)
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(!machine.isLive)
        #expect(machine.received(updates("a")).texts == [])
        #expect(machine.confirmed().texts == ["fetch 1"])
        #expect(machine.confirmed().texts == [])
        #expect(machine.received(updates("b")).texts == [])
        #expect(machine.fetched(1, snapshot("S")).texts == ["snapshot S, a, b"])
        #expect(machine.isLive)
        #expect(machine.isPlain)
        #expect(!machine.wantsMarks)
        #expect(machine.received(updates("c")).texts == ["c"])
    }

    @Test("With a snapshot: after a drop the gap comes at once, and then the whole state")
    func snapshotAfterDrop() {
        var machine = live()
        #expect(machine.lost().texts == [])
        let actions = machine.subscribed(gap: Self.gap)
        #expect(actions.texts == ["gap unknown"])
        #expect(actions.gaps == [Self.gap])
        #expect(machine.received(updates("a")).texts == [])
        #expect(machine.confirmed().texts == ["fetch 2"])
        #expect(machine.fetched(2, snapshot("S2")).texts == ["snapshot S2, a"])
    }

    @Test("Changes that the snapshot has already are not handed out again")
    func covered() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received([.object("a", version: 1), .object("b", version: 3), .object("c", version: 1)])
        _ = machine.confirmed()
        _ = machine.received([.object("a", version: 2), .plain("?"), .object("a", version: 3)])
        let fetched = snapshot("S", versions: ["a": Position(2), "b": Position(2)])
        #expect(machine.fetched(1, fetched).texts == ["snapshot S, b3, c1, ?, a3"])
    }

    @Test("Versions without an order count only when they are equal")
    func opaqueVersions() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        func update(_ version: String) -> MarkedUpdate {
            MarkedUpdate(
                Bytes(copying: Array(version.utf8)),
                UpdateMark(key: "k", position: Position(.string(version)))
            )
        }
        _ = machine.received([update("v1"), update("v2")])
        #expect(machine.fetched(1, snapshot("S", versions: ["k": Position("v2")])).texts == ["snapshot S, v1"])
    }

    @Test("A snapshot that fails is fetched again, and nothing is handed out over the hole")
    func failedSnapshot() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received(updates("a"))
        #expect(machine.refetch(1).texts == ["fetch 2"])
        #expect(machine.refetch(1).texts == [])
        #expect(machine.received(updates("b")).texts == [])
        // The first one's answer is too late.
        #expect(machine.fetched(1, snapshot("S1")).texts == [])
        #expect(machine.refetch(2).texts == ["fetch 3"])
        #expect(machine.fetched(3, snapshot("S3")).texts == ["snapshot S3, a, b"])
        #expect(machine.fetched(3, snapshot("S3")).texts == [])
        #expect(machine.refetch(3).texts == [])
    }

    @Test("Lost while settling: the next subscription fetches, after a gap")
    func lostWhileSettling() {
        var machine = live()
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received(updates("a"))
        #expect(machine.lost().texts == [])
        #expect(machine.confirmed().texts == [])
        #expect(machine.subscribed(gap: Self.gap).texts == ["gap unknown"])
        #expect(machine.confirmed().texts == ["fetch 2"])
        #expect(machine.fetched(2, snapshot("S2")).texts == ["snapshot S2"])
    }

    @Test("Lost while fetching: the fetch is cancelled, and its answer does not count")
    func lostWhileFetching() {
        var machine = live()
        _ = machine.lost()
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received(updates("a"))
        #expect(machine.lost().texts == ["cancel fetch"])
        #expect(machine.fetched(2, snapshot("old")).texts == [])
        #expect(machine.refetch(2).texts == [])
        #expect(machine.subscribed(gap: Self.gap).texts == ["gap unknown"])
        #expect(machine.confirmed().texts == ["fetch 3"])
        #expect(machine.fetched(2, snapshot("old")).texts == [])
        #expect(machine.fetched(3, snapshot("S3")).texts == ["snapshot S3"])
    }

    // MARK: - More than may be held

    private func many(_ count: Int, of text: String = "x") -> [MarkedUpdate] {
        Array(repeating: .plain(text), count: count)
    }

    @Test("When more comes than may be held, what is fetched is too old and is fetched again")
    func stale() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received(many(ContinuityMachine.heldElements))
        _ = machine.received(updates("beyond"))
        _ = machine.received(updates("after"))
        #expect(machine.fetched(1, snapshot("old")).texts == ["fetch later, after 1"])
        #expect(machine.refetch(1).texts == ["fetch 2"])
        _ = machine.received(updates("later"))
        #expect(machine.fetched(2, snapshot("S2")).texts == ["snapshot S2, after, later"])
        #expect(machine.isLive)
    }

    @Test("What may be held just so is not too old")
    func held() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received(many(ContinuityMachine.heldElements))
        #expect(machine.fetched(1, Fetched(.snapshot)).texts.first?.count == ContinuityMachine.heldElements * 3 - 2)
    }

    @Test("Bytes are limited as well")
    func staleBytes() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        let half = MarkedUpdate(Bytes(copying: [UInt8](repeating: 32, count: ContinuityMachine.heldBytes / 2)))
        _ = machine.received([half, half])
        _ = machine.received(updates("b"))
        #expect(machine.fetched(1, snapshot("old")).texts == ["fetch later, after 1"])
        #expect(machine.refetch(1).texts == ["fetch 2"])
        #expect(machine.fetched(2, snapshot("S2")).texts == ["snapshot S2"])
    }

    @Test("More than may be held before the fetch has begun does not make it too old")
    func overflowBeforeFetch() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.received(many(ContinuityMachine.heldElements + 1))
        #expect(machine.confirmed().texts == ["fetch 1"])
        _ = machine.received(updates("a"))
        #expect(machine.fetched(1, snapshot("S")).texts == ["snapshot S, a"])
    }

    @Test("A fetch that begins anew after a failure is not too old")
    func overflowBeforeRefetch() {
        var machine = ContinuityMachine(.snapshot)
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received(many(ContinuityMachine.heldElements + 1))
        #expect(machine.refetch(1).texts == ["fetch 2"])
        #expect(machine.fetched(2, snapshot("S2")).texts == ["snapshot S2"])
    }

    // MARK: - Polling meanwhile

    @Test("What was made up for by polling is no gap when the subscription is there again")
    func bridged() {
        var machine = live()
        _ = machine.lost()
        machine.bridged()
        #expect(machine.subscribed(gap: Self.gap).texts == [])
        #expect(machine.received(updates("a")).texts == [])
        #expect(machine.confirmed().texts == ["fetch 2"])
        // The last poll was the same: only what was held back is new.
        #expect(machine.fetched(2, Fetched(.unchanged)).texts == ["a"])
        _ = machine.lost()
        #expect(machine.subscribed(gap: Self.gap).texts == ["gap unknown"])
    }

    @Test("A snapshot whose like was polled still covers what is no newer")
    func bridgedWithVersions() {
        var machine = ContinuityMachine(.snapshot)
        machine.bridged()
        _ = machine.subscribed(gap: Self.gap)
        _ = machine.confirmed()
        _ = machine.received([.object("x", version: 3), .object("x", version: 4)])
        #expect(machine.fetched(1, Fetched(.unchanged, versions: ["x": Position(number: 3)])).texts == ["x4"])
    }

    @Test("Polling that ended before there was a subscription leaves a gap")
    func bridgeEnded() {
        var machine = live()
        _ = machine.lost()
        machine.bridged()
        machine.bridgeEnded()
        #expect(machine.subscribed(gap: Self.gap).texts == ["gap unknown"])
    }
}
