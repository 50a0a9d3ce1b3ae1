// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetGraphQL
import FreshetTestSupport
import Testing

// The test of docs/testing-your-feeds.md, as a user would write it.

/// What is tested: it keeps the last price, and says when it may be old.
private actor PriceBoard {
    private(set) var price: Int?
    private(set) var isStale = false

    func follow(_ api: GraphQLClient) async throws {
        for try await event in api.subscribe(Int.self, "subscription { price }") {
            switch event {
            case .snapshot(let price), .update(let price): (self.price, self.isStale) = (price, false)
            case .gap: self.isStale = true
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct TestingYourFeedsTests {
    @Test("After a drop the board says that its price may be old, until there is a new one")
    func dropMakesStale() async throws {
        let transport = ScriptedTransport()
        let clock = ManualClock()
        let board = PriceBoard()
        let api = GraphQLClient(scripted: transport, clock: clock)
        let following = Task { try await board.follow(api) }

        // The test is the server.
        let first = await transport.dial(1)
        first.open()
        #expect(await first.nextDeed() == .sent(#"{"type":"connection_init"}"#))
        first.receive(#"{"type":"connection_ack"}"#)
        #expect(
            await first.nextDeed()
                == .sent(#"{"id":"1","payload":{"query":"subscription { price }"},"type":"subscribe"}"#)
        )
        first.receive(#"{"id":"1","type":"next","payload":{"data":{"price":100}}}"#)
        while await board.price != 100 { await Task.yield() }

        // It breaks. The first wait is 250 ms at most, and half of that with a jitter of one half.
        first.fail()
        await clock.expire(.milliseconds(125))
        let second = await transport.dial(2)
        second.open()
        second.receive(#"{"type":"connection_ack"}"#)
        while await !board.isStale { await Task.yield() }
        second.receive(#"{"id":"1","type":"next","payload":{"data":{"price":101}}}"#)
        while await board.price != 101 { await Task.yield() }
        #expect(await !board.isStale)

        await api.close()
        await #expect(throws: FreshetError.self) { try await following.value }
    }
}
