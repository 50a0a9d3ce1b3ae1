// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct BackPressureTests {
    @Test("A feed at its limit stops the reading; emptying it starts the reading again, and nothing is lost")
    func pausesAndResumes() async throws {
        let harness = try Harness()
        let buffer = harness.client.open(.init("a"))
        let link = await harness.ready(1)
        #expect(await link.nextDeed() == .sent("sub 1 a"))
        for number in 1...4100 { link.receive("1 \(number)") }
        #expect(await link.nextDeed() == .pause)
        var taken: [String] = []
        while taken.count < 4100, let batch = try await buffer.next(isolation: nil) {
            for case .update(let slice) in batch { taken.append(slice.text) }
        }
        #expect(taken == (1...4100).map(String.init))
        #expect(await link.nextDeed() == .resume)
    }

    @Test("A consumer that leaves while the reading is stopped starts it again for the others")
    func leavingResumes() async throws {
        let harness = try Harness()
        let other = Consumer(harness.feed("b"))
        let live = await harness.ready(1)
        #expect(await live.nextDeed() == .sent("sub 1 b"))
        let buffer = harness.client.open(.init("a"))
        #expect(await live.nextDeed() == .sent("sub 2 a"))
        for number in 1...4096 { live.receive("2 \(number)") }
        #expect(await live.nextDeed() == .pause)
        buffer.leave()
        // In either order: the unsubscription, and the reading.
        let deeds = [await live.nextDeed(), await live.nextDeed()]
        #expect(deeds.contains(.sent("unsub 2")))
        #expect(deeds.contains(.resume))
        live.receive("1 x")
        #expect(await other.next() == .event(.update("x")))
    }

    @Test("A feed that is still full on a new connection stops its reading too")
    func stillFullAfterReconnect() async throws {
        let harness = try Harness()
        var states = harness.client.states.makeAsyncIterator()
        let buffer = harness.client.open(.init("a"))
        let first = await harness.ready(1)
        #expect(await first.nextDeed() == .sent("sub 1 a"))
        for number in 1...4096 { first.receive("1 \(number)") }
        #expect(await first.nextDeed() == .pause)
        first.end(.closeFrame(code: 1001, reason: ""))
        _ = await harness.waiting(&states)
        await harness.clock.advance(by: .milliseconds(125))
        let second = await harness.ready(2)
        // The gap goes into the full buffer, and so the new connection is stopped as well.
        let deeds = [await second.nextDeed(), await second.nextDeed()]
        #expect(deeds.contains(.pause))
        #expect(deeds.contains(.sent("sub 1 a")))
        // The gap follows the message on the loop's thread.
        await withCheckedContinuation { continuation in harness.loop.execute { continuation.resume() } }
        #expect(buffer.count == 4097)
    }
}
