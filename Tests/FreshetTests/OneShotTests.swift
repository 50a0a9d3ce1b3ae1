// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

/// What has one result, when connections break.
@Suite(.timeLimit(.minutes(1)))
struct OneShotTests {
    @Test("A query whose connection breaks is asked again, and its result comes without a gap before it")
    func askedAgain() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let query = Consumer(harness.feed("a?"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a?"))
        first.end(.failure(FreshetError(.closed(code: 1006), "it broke")))
        #expect(await harness.waiting(&states) == .milliseconds(125))
        await harness.clock.advance(by: .milliseconds(125))
        let second = await harness.ready(2)
        #expect(await second.nextDeed() == .sent("sub 1 a?"))
        second.receive("1 x")
        #expect(await query.next() == .event(.update("x")))
        #expect(await query.next() == .end)
    }
}
