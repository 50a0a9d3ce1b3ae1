// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct SubscriptionTableTests {
    private func connected() -> SubscriptionTable {
        var table = SubscriptionTable()
        _ = table.connectionReady()
        return table
    }

    @Test("What is added before the connection is sent when it is ready, in order, without a gap")
    func addedBefore() {
        var table = SubscriptionTable()
        let ids = (0..<20).map { _ in table.add() }
        #expect(ids.allSatisfy { $0.actions.isEmpty })
        #expect(table.connectionReady() == ids.map { .subscribe($0.id) })
    }

    @Test("What is added while connected is sent at once")
    func addedWhileConnected() {
        var table = connected()
        let (id, actions) = table.add()
        #expect(actions == [.subscribe(id)])
    }

    @Test("After a loss the interrupted get their gap before they are sent again, the new ones do not")
    func reconnected() {
        var table = connected()
        let first = table.add().id
        let second = table.add().id
        table.connectionLost()
        let (third, actions) = table.add()
        #expect(actions == [])
        #expect(
            table.connectionReady() == [
                .markGap(first), .subscribe(first), .markGap(second), .subscribe(second), .subscribe(third),
            ]
        )
    }

    @Test("One loss is one gap, however many attempts it takes")
    func severalLosses() {
        var table = connected()
        let id = table.add().id
        table.connectionLost()
        table.connectionLost()
        #expect(table.connectionReady() == [.markGap(id), .subscribe(id)])
        table.connectionLost()
        #expect(table.connectionReady() == [.markGap(id), .subscribe(id)])
    }

    @Test("Leaving unsubscribes what the server knows, and only once")
    func cancel() {
        var table = connected()
        let id = table.add().id
        #expect(table.cancel(id) == [.unsubscribe(id)])
        #expect(table.cancel(id) == [])
        #expect(table.isEmpty)
        #expect(table.connectionReady() == [])
    }

    @Test("B45 Leaving twice does not disturb the others")
    func cancelTwice() {
        var table = connected()
        let gone = table.add().id
        let stays = table.add().id
        _ = table.cancel(gone)
        _ = table.cancel(gone)
        #expect(!table.isEmpty)
        table.connectionLost()
        #expect(table.connectionReady() == [.markGap(stays), .subscribe(stays)])
    }

    @Test("Leaving says nothing to a server that does not know the subscription")
    func cancelUnknown() {
        var table = SubscriptionTable()
        let new = table.add().id
        #expect(table.cancel(new) == [])
        _ = table.connectionReady()
        let active = table.add().id
        table.connectionLost()
        #expect(table.cancel(active) == [])
        #expect(table.isEmpty)
        #expect(table.connectionReady() == [])
    }

    @Test("B36 What the server ended is forgotten without a word")
    func finish() {
        var table = connected()
        let id = table.add().id
        table.finish(id)
        #expect(table.isEmpty)
        #expect(table.cancel(id) == [])
    }

    @Test("An id is never used again")
    func uniqueIDs() {
        var table = SubscriptionTable()
        var seen: Set<SubscriptionTable.ID> = []
        for round in 0..<10 {
            let id = table.add().id
            #expect(seen.insert(id).inserted)
            if round.isMultiple(of: 2) { _ = table.cancel(id) } else { table.removeAll() }
        }
    }

    @Test("Removing all leaves nothing to send")
    func removeAll() {
        var table = connected()
        let id = table.add().id
        table.removeAll()
        #expect(table.isEmpty)
        #expect(table.cancel(id) == [])
        table.connectionLost()
        #expect(table.connectionReady() == [])
    }
}
