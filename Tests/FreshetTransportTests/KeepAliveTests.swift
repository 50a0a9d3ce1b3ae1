// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct KeepAliveTests {
    /// Any instant: only the distances count.
    private static let zero = ContinuousClock.now

    private static func at(_ seconds: Int) -> ContinuousClock.Instant { zero + .seconds(seconds) }

    private func started() -> KeepAlive {
        KeepAlive(idle: .seconds(20), pong: .seconds(10), now: Self.zero)
    }

    @Test("After the idle time it pings, and silence after that is the end")
    func silence() {
        var keepAlive = started()
        #expect(keepAlive.start() == [.fire(at: Self.at(20))])
        #expect(keepAlive.fired(at: Self.at(20)) == [.ping, .fire(at: Self.at(30))])
        #expect(keepAlive.fired(at: Self.at(30)) == [.fire(at: Self.at(30) + KeepAlive.lastLook)])
        guard case .fail(let error)? = keepAlive.fired(at: Self.at(30) + KeepAlive.lastLook).first else {
            Issue.record("silence was not the end")
            return
        }
        #expect(error.kind == .timeout(.keepAlive))
        #expect(error.message.contains("30 seconds"))
    }

    @Test("Any byte puts the ping off, to exactly the idle time after it")
    func anyByte() {
        var keepAlive = started()
        keepAlive.heard(at: Self.at(15))
        #expect(keepAlive.fired(at: Self.at(20)) == [.fire(at: Self.at(35))])
        #expect(keepAlive.fired(at: Self.at(35)) == [.ping, .fire(at: Self.at(45))])
        keepAlive.heard(at: Self.at(36))
        #expect(keepAlive.fired(at: Self.at(45)) == [.fire(at: Self.at(56))])
    }

    @Test("What the loop still reads when the time is up counts, and the next silence is judged anew")
    func lastLook() {
        var keepAlive = started()
        _ = keepAlive.fired(at: Self.at(20))
        _ = keepAlive.fired(at: Self.at(30))
        let late = Self.at(30) + KeepAlive.lastLook
        keepAlive.heard(at: late)
        #expect(keepAlive.fired(at: late) == [.fire(at: late + .seconds(20))])
        #expect(keepAlive.fired(at: late + .seconds(20)) == [.ping, .fire(at: late + .seconds(30))])
        let again = late + .seconds(30)
        #expect(keepAlive.fired(at: again) == [.fire(at: again + KeepAlive.lastLook)])
        guard case .fail? = keepAlive.fired(at: again + KeepAlive.lastLook).first else {
            Issue.record("silence was not the end")
            return
        }
    }

    @Test("A timer that was held up is no verdict: it asks again, at once")
    func heldUp() {
        var keepAlive = started()
        _ = keepAlive.fired(at: Self.at(20))
        #expect(keepAlive.fired(at: Self.at(120)) == [.ping, .fire(at: Self.at(130))])
        keepAlive.heard(at: Self.at(121))
        #expect(keepAlive.fired(at: Self.at(130)) == [.fire(at: Self.at(141))])
    }

    @Test("After sleep it asks at once")
    func woke() {
        var keepAlive = started()
        #expect(keepAlive.woke(at: Self.at(5)) == [.ping, .fire(at: Self.at(15))])
    }

    @Test("While we do not read, silence means nothing")
    func paused() {
        var keepAlive = started()
        keepAlive.reading(false, at: Self.at(1))
        #expect(keepAlive.fired(at: Self.at(20)) == [.fire(at: Self.at(40))])
        #expect(keepAlive.woke(at: Self.at(30)) == [])
        keepAlive.reading(true, at: Self.at(39))
        #expect(keepAlive.fired(at: Self.at(40)) == [.fire(at: Self.at(59))])
    }
}
