// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Without a WebSocket to be had: feeds with a snapshot function live by that, and go back without a seam.
@Suite(.timeLimit(.minutes(1)))
struct FallbackTests {
    // MARK: - Refused in HTTP

    @Test("Refused at first: a gap that says so, the snapshot, those that differ; then live, without a seam")
    func refusedFirst() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        let gap = await listener.gap()
        #expect(gap?.cause == .polling)
        #expect(
            gap?.reason == "no WebSocket (no WebSockets here (HTTP 403)): asked every 5.0 seconds instead; "
                + "what comes and goes between two polls is not seen"
        )
        #expect(await listener.next() == .snapshot(1))
        #expect(
            await harness.state { $0 != .idle && $0 != .connecting(attempt: 1) }
                == .polling(delay: .milliseconds(125), attempt: 1, error: .noWebSockets)
        )
        // The same again is not told.
        await harness.clock.expire(.seconds(5))
        await harness.clock.sleeper(of: .seconds(5))
        rest.says(2)
        await harness.clock.expire(.seconds(5))
        #expect(await listener.next() == .snapshot(2))
        let link = await harness.settled(2)
        link.next(1, 3)
        #expect(await listener.next() == .update(3))
        // Once at the beginning, three polls, once when the subscription took over.
        #expect(rest.calls == 4)
    }

    @Test("What differs when the subscription takes over is a snapshot, before what was held back")
    func differsAtTheSeam() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        _ = await listener.gap()
        #expect(await listener.next() == .snapshot(1))
        await harness.clock.expire(.milliseconds(125))
        let link = await harness.connect(2)
        #expect(await link.nextDeed() == .subscribe(1))
        #expect(await link.nextDeed() == .ping)
        rest.says(7)
        link.next(1, 8)
        #expect(await listener.next() == .snapshot(7))
        #expect(await listener.next() == .update(8))
        #expect(await link.isQuiet())
    }

    @Test("It is back within one step of the backoff after the WebSocket is to be had, and polls no more")
    func oneStep() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        for number in 1...6 {
            await harness.refuse(number)
            guard let delay = await harness.polling() else { return }
            #expect(delay == .milliseconds(125) * (1 << (number - 1)))
            await harness.clock.expire(delay)
        }
        _ = await harness.settled(7)
        await harness.state(.live)
        #expect(await listener.gap()?.cause == .polling)
        #expect(await listener.next() == .snapshot(1))
        await harness.nobodySleeps()
    }

    @Test("Where each element came from stands beside it")
    func source() async throws {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let feed = harness.client.subscribe(Int.self, "subscription { n }", recovery: rest.recovery)
        let heard = Task {
            var heard: [Positioned<FeedEvent<Int>>] = []
            for try await element in feed.positioned {
                heard.append(element)
                if heard.count == 3 { break }
            }
            return heard
        }
        await harness.refuse(1)
        await harness.clock.sleeper(of: .seconds(5))
        await harness.clock.expire(.milliseconds(125))
        let link = await harness.settled(2)
        link.next(1, 2)
        let elements = try await heard.value
        #expect(elements.map(\.element.value) == [nil, 1, 2])
        #expect(elements.map(\.source) == [.rest, .rest, .live])
    }

    @Test("Refused after it was live: one gap for the loss and the polling")
    func refusedLater() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        let first = await harness.settled(1)
        #expect(await listener.next() == .snapshot(1))
        first.drop()
        await harness.retry()
        await harness.refuse(2, FreshetError(.upgradeRefused(status: 503), "busy"))
        let gap = await listener.gap()
        #expect(gap?.cause == .polling)
        #expect(gap?.outage == .milliseconds(125))
        // A snapshot follows every gap, be it the same.
        #expect(await listener.next() == .snapshot(1))
        guard let delay = await harness.polling() else { return }
        await harness.clock.expire(delay)
        let second = await harness.settled(3)
        second.next(1, 5)
        #expect(await listener.next() == .update(5))
        // From here on a drop is a drop.
        second.drop()
        await harness.retry()
        _ = await harness.settled(4)
        #expect(await listener.gap()?.cause == .unknown)
        #expect(await listener.next() == .snapshot(1))
    }

    @Test("Whoever cannot do without the WebSocket ends as ever, the others live on")
    func mixed() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        let other = harness.listen("m")
        await harness.feeds(2)
        await harness.refuse(1)
        #expect(await other.failure() == .noWebSockets)
        #expect(await listener.gap()?.cause == .polling)
        #expect(await listener.next() == .snapshot(1))
        // Who comes now: polled at once, or waiting for the next attempt.
        let (newcomer, unlucky) = (harness.listen(to: REST(4)), harness.listen("m"))
        #expect(await newcomer.gap()?.cause == .polling)
        #expect(await newcomer.next() == .snapshot(4))
        await harness.feeds(3)
        await harness.clock.expire(.milliseconds(125))
        await harness.refuse(2)
        #expect(await unlucky.failure() == .noWebSockets)
        rest.says(2)
        await harness.clock.sleeper(of: .milliseconds(250))
        harness.clock.jump(by: .milliseconds(5_000))
        #expect(await listener.next() == .snapshot(2))
    }

    @Test("Switched off it is as without")
    func off() async {
        let harness = ScriptedClient { $0.policy.fallback = nil }
        let listener = harness.listen(to: REST(1))
        await harness.refuse(1)
        #expect(await listener.failure() == .noWebSockets)
    }

    // MARK: - Nobody answers

    @Test("Unreachable at first, and the snapshot is to be had: polled, and told only then")
    func trialSucceeds() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1, .nobodyThere)
        #expect(await listener.gap()?.reason.hasPrefix("no WebSocket (refused)") == true)
        #expect(await listener.next() == .snapshot(1))
        #expect(await harness.polling() == .milliseconds(125))
    }

    @Test("Unreachable at first, and so is the snapshot: loud, with the WebSocket's error")
    func trialFails() async {
        let harness = ScriptedClient()
        let listener = harness.listen(to: REST(failing: FreshetError(.notFound, "no such URL")))
        await harness.refuse(1, .nobodyThere)
        #expect(await listener.failure() == .nobodyThere)
        #expect(await harness.failed() == .nobodyThere)
        await harness.nobodySleeps()
        #expect(harness.transport.dialCount == 1)
    }

    @Test("Of several feeds at first each is tried by itself")
    func trials() async {
        let (harness, gate) = (ScriptedClient(), Gate())
        let slow = GraphQLRecovery<Int>.refetch {
            await gate.wait()
            return 2
        }
        let unlucky = harness.listen(to: REST(failing: .nobodyThere))
        let listener = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: slow))
        await harness.feeds(2)
        let error = FreshetError(.timeout(.upgrade), "silence")
        await harness.refuse(1, error)
        #expect(await unlucky.failure() == error)
        gate.open()
        #expect(await listener.gap()?.cause == .polling)
        #expect(await listener.next() == .snapshot(2))
    }

    @Test("Three attempts that fail before they are live, after the feed was")
    func blocked() async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        let first = await harness.settled(1)
        #expect(await listener.next() == .snapshot(1))
        first.drop()
        for number in 2...4 {
            #expect(await harness.retry() != nil)
            await harness.refuse(number, FreshetError(.timeout(.upgrade), "silence"))
        }
        let gap = await listener.gap()
        #expect(gap?.cause == .polling)
        #expect(gap?.outage == .milliseconds(875))
        #expect(await listener.next() == .snapshot(1))
    }
}
