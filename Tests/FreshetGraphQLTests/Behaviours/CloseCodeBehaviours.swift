// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// What the end of a live connection means, code by code, where nothing is overridden.
@Suite(.timeLimit(.minutes(1)))
struct CloseCodeBehaviours {
    /// What the client does next: the wait before the next attempt, or nil when it gives up.
    private func wait(after end: ConnectionEnd) async -> Duration? {
        let harness = ScriptedClient()
        let (listener, link) = await harness.subscribed()
        link.end(end)
        let delay = await harness.retry()
        if delay == nil {
            #expect(await listener.failure() != nil)
            #expect(harness.transport.dialCount == 1)
        } else {
            #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        }
        await listener.leave()
        return delay
    }

    @Test(
        "These are tried again with the backoff",
        arguments: [
            1000, 1001, 1005, 1006, 1012, 1014, 3000, 3999, 4000, 4205, 4408, 4444, 4499, 4504, 4999,
        ]
    )
    func retried(_ code: UInt16) async {
        #expect(await self.wait(after: .closeFrame(code: code, reason: "")) == .milliseconds(125))
    }

    @Test("These are tried again after 5 s and the backoff", arguments: [1011, 1013, 4429, 4500])
    func retriedLater(_ code: UInt16) async {
        #expect(await self.wait(after: .closeFrame(code: code, reason: "")) == .milliseconds(5125))
    }

    @Test(
        "These are fatal",
        arguments: [
            1002, 1003, 1004, 1007, 1008, 1009, 1010, 1015, 4004, 4005, 4400, 4401, 4403, 4406, 4409,
        ]
    )
    func fatal(_ code: UInt16) async {
        #expect(await self.wait(after: .closeFrame(code: code, reason: "")) == nil)
    }

    @Test("With a provider of credentials these ask for others at once", arguments: [4401, 4403])
    func refreshed(_ code: UInt16) async {
        let reasons = Locked<[Credentials.Reason]>([])
        let harness = ScriptedClient {
            $0.credentials = { reason in
                reasons.withLock { $0.append(reason) }
                return Credentials()
            }
        }
        let (listener, link) = await harness.subscribed()
        link.close(code)
        #expect(await harness.connect(2).nextDeed() == .subscribe(1))
        #expect(await listener.gap() != nil)
        #expect(reasons.withLock { $0 } == [.connecting, .refused])
        #expect(harness.clock.sleeperCount == 0)
    }

    @Test(
        "Ends without a close frame are tried again where another attempt may help",
        arguments: [
            (FreshetError.Kind.unreachable, true), (.timeout(.connect), true), (.timeout(.keepAlive), true),
            (.tls(.other), true), (.upgradeRefused(status: 503), true), (.upgradeRefused(status: 429), true),
            (.proxyRefused(status: 502), true), (.tls(.expired), false), (.tls(.wrongHost), false),
            (.upgradeRefused(status: 404), false), (.upgradeRefused(status: 401), false),
            (.proxyRefused(status: 407), false), (.messageTooLarge, false), (.protocolViolation, false),
        ]
    )
    func withoutFrame(_ kind: FreshetError.Kind, _ isRetried: Bool) async {
        let delay = await self.wait(after: .failure(FreshetError(kind, "no")))
        #expect(delay == (isRetried ? .milliseconds(125) : nil))
    }

    @Test("A server's Retry-After is a floor, and the backoff comes on top of it")
    func retryAfter() async {
        let error = FreshetError(.upgradeRefused(status: 503), "no")
        #expect(await self.wait(after: .failure(error, retryAfter: .seconds(7))) == .milliseconds(7125))
    }

    @Test(
        "The app's entries count before the defaults",
        arguments: [
            (UInt16(4409), ClosePolicy.Decision.retry, Duration?.some(.milliseconds(125))),
            (4429, .retryAfter(.seconds(60)), .milliseconds(60_125)), (1001, .fatal, nil),
        ]
    )
    func overridden(_ code: UInt16, _ decision: ClosePolicy.Decision, _ delay: Duration?) async {
        let harness = ScriptedClient { $0.policy.close.codes[code] = decision }
        let (listener, link) = await harness.subscribed()
        link.close(code)
        #expect(await harness.retry() == delay)
        await listener.leave()
    }
}
