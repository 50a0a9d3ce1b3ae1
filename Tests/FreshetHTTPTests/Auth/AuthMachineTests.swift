// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import Testing

/// What is decided about credentials: events in, actions out.
@Suite struct AuthMachineTests {
    private typealias Action = AuthMachine.Action

    private static let offline = FreshetError(.unreachable, "no network")
    private static let refusal = FreshetError(.unauthorized, "400: invalid_grant")

    /// A machine of a user who has signed in at time zero; the first credential has generation 1.
    private func signedIn(life: Duration? = .seconds(3600), policy: RefreshPolicy = RefreshPolicy()) -> AuthMachine {
        var machine = AuthMachine(policy: policy)
        let actions = machine.on(.loggedIn(.init(life)), at: .zero, jitter: 0)
        #expect(actions == [.adopt(saving: true), .emit(.loggedIn)])
        return machine
    }

    @Test("Whoever comes first has the store read; all wait for it, and get what it had")
    func restored() {
        var machine = AuthMachine()
        #expect(machine.on(.wanted(1), at: .zero, jitter: 0) == [.restore(1)])
        #expect(machine.on(.wanted(2), at: .zero, jitter: 0) == [])
        #expect(
            machine.on(.restored(1, .init(.seconds(100))), at: .zero, jitter: 0) == [
                .adopt(saving: false), .emit(.restored), .handOut([1, 2]),
            ]
        )
    }

    @Test("What was restored and is over is renewed before anybody gets it")
    func restoredOver() {
        var machine = AuthMachine()
        _ = machine.on(.wanted(1), at: .zero, jitter: 0)
        let life = AuthMachine.Life(total: .seconds(100), left: .seconds(-5))
        #expect(
            machine.on(.restored(1, life), at: .zero, jitter: 0) == [
                .adopt(saving: false), .emit(.restored), .refresh(2),
            ]
        )
        #expect(
            machine.on(.refreshed(2, .init(.seconds(100))), at: .zero, jitter: 0) == [
                .adopt(saving: true), .emit(.refreshed), .handOut([1]),
            ]
        )
    }

    @Test("A store with nothing in it means that nobody is signed in")
    func nothingStored() {
        var machine = AuthMachine()
        _ = machine.on(.wanted(1), at: .zero, jitter: 0)
        guard case .fail([1], let error)? = machine.on(.restored(1, nil), at: .zero, jitter: 0).first else {
            Issue.record("nobody was told")
            return
        }
        #expect(error.kind == .unauthorized)
        #expect(machine.on(.wanted(2), at: .zero, jitter: 0) == [.fail([2], error)])
    }

    @Test("A store that fails fails the call, and the next call reads it again")
    func storeFails() {
        var machine = AuthMachine()
        let error = FreshetError(.credentials, "0644")
        _ = machine.on(.wanted(1), at: .zero, jitter: 0)
        #expect(machine.on(.restoreFailed(1, error), at: .zero, jitter: 0) == [.fail([1], error)])
        #expect(machine.on(.wanted(2), at: .zero, jitter: 0) == [.restore(2)])
    }

    @Test(
        "It is renewed ahead when the table says so, beside the calls; from its last moments on calls wait",
        arguments: [
            // Life, chance, how long before the end it is renewed, how long before the end it is not sent any more.
            (Duration.seconds(36_000), 0.0, Duration.seconds(3600), Duration.seconds(2)),
            (.seconds(3600), 0.0, .seconds(360), .seconds(2)), (.seconds(3600), 0.5, .seconds(378), .seconds(2)),
            (.seconds(600), 0.0, .seconds(60), .seconds(2)), (.seconds(120), 0.5, .seconds(63), .seconds(2)),
            (.seconds(100), 0.0, .seconds(10), .seconds(2)), (.seconds(20), 1.0, .seconds(5), .milliseconds(400)),
            (.seconds(2), 0.5, .milliseconds(350), .milliseconds(40)),
        ]
    )
    func ahead(_ life: Duration, _ jitter: Double, _ margin: Duration, _ last: Duration) {
        var machine = AuthMachine()
        _ = machine.on(.loggedIn(.init(life)), at: .seconds(50), jitter: jitter)
        let end = .seconds(50) + life
        let instant = Duration.milliseconds(1)
        #expect(machine.on(.wanted(1), at: end - margin - instant, jitter: 0) == [.handOut([1])])
        #expect(machine.on(.wanted(2), at: end - margin + instant, jitter: 0) == [.handOut([2]), .refresh(1)])
        #expect(machine.on(.wanted(3), at: end - last - instant, jitter: 0) == [.handOut([3])])
        #expect(machine.on(.wanted(4), at: end - last + instant, jitter: 0) == [])
        #expect(
            machine.on(.refreshed(1, .init(life)), at: end, jitter: 0) == [
                .adopt(saving: true), .emit(.refreshed), .handOut([4]),
            ]
        )
    }

    @Test("A life that nobody knows is never renewed ahead")
    func unknownLife() {
        var machine = self.signedIn(life: nil)
        #expect(machine.on(.wanted(1), at: .seconds(1_000_000), jitter: 0) == [.handOut([1])])
        #expect(machine.on(.newer(than: 1, 2, refused: true), at: .seconds(1_000_000), jitter: 0) == [.refresh(1)])
    }

    @Test("A credential that was refused is handed to nobody else while it is renewed; one that is near its end is")
    func refusedIsNotHandedOut() {
        var machine = self.signedIn()
        #expect(machine.on(.newer(than: 1, 1, refused: false), at: .seconds(1), jitter: 0) == [.refresh(1)])
        #expect(machine.on(.wanted(2), at: .seconds(1), jitter: 0) == [.handOut([2])])
        #expect(machine.on(.newer(than: 1, 3, refused: true), at: .seconds(1), jitter: 0) == [])
        #expect(machine.on(.wanted(4), at: .seconds(1), jitter: 0) == [])
        let actions = machine.on(.refreshed(1, .init(.seconds(60))), at: .seconds(2), jitter: 0)
        #expect(actions.last == .handOut([1, 3, 4]))
    }

    @Test("A refusal of an older credential is answered with the present one, and renews nothing")
    func older() {
        var machine = self.signedIn()
        _ = machine.on(.newer(than: 1, 1, refused: true), at: .seconds(1), jitter: 0)
        _ = machine.on(.refreshed(1, .init(.seconds(3600))), at: .seconds(2), jitter: 0)
        #expect(machine.on(.newer(than: 1, 2, refused: true), at: .seconds(3), jitter: 0) == [.handOut([2])])
        #expect(machine.on(.newer(than: 1, nil, refused: true), at: .seconds(3), jitter: 0) == [])
    }

    @Test("Five early renewals within 30 s are enough: the sixth is an error that says so, until the time has passed")
    func limit() {
        var machine = self.signedIn()
        for generation in UInt64(1)...5 {
            let now = Duration.seconds(Int(generation))
            #expect(
                machine.on(.newer(than: generation, 1, refused: true), at: now, jitter: 0) == [.refresh(generation)]
            )
            _ = machine.on(.refreshed(generation, .init(.seconds(3600))), at: now, jitter: 0)
        }
        let actions = machine.on(.newer(than: 6, 1, refused: true), at: .seconds(30), jitter: 0)
        guard case .fail([1], let error)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(error.kind == .credentials)
        #expect(error.message.contains("renewed 5 times within 30.0 seconds"))
        #expect(machine.on(.wanted(2), at: .seconds(30.5), jitter: 0) == [.fail([2], error)])
        #expect(machine.on(.wanted(3), at: .seconds(31), jitter: 0) == [.refresh(6)])
    }

    @Test("Short lives that end often are no reason for that error")
    func shortLives() {
        var machine = self.signedIn(life: .seconds(1))
        for work in UInt64(1)...20 {
            let now = Duration.seconds(Int(work))
            #expect(machine.on(.wanted(1), at: now, jitter: 0) == [.refresh(work)])
            _ = machine.on(.refreshed(work, .init(.seconds(1))), at: now, jitter: 0)
        }
    }

    @Test("The server refuses to renew: one event, everybody who waits is told, and what comes late means nothing")
    func refused() {
        var machine = self.signedIn()
        _ = machine.on(.newer(than: 1, 1, refused: true), at: .zero, jitter: 0)
        _ = machine.on(.wanted(2), at: .zero, jitter: 0)
        let reason = AuthEvent.LogoutReason.refused(Self.refusal)
        #expect(
            machine.on(.refreshFailed(1, Self.refusal), at: .zero, jitter: 0) == [
                .drop(1), .forget(clearing: false), .emit(.loggedOut(reason)), .fail([1, 2], reason.error),
                .forget(clearing: true),
            ]
        )
        #expect(reason.error.kind == .unauthorized)
        #expect(machine.on(.refreshed(1, .init(.seconds(60))), at: .zero, jitter: 0) == [])
        #expect(machine.on(.refreshFailed(1, Self.refusal), at: .zero, jitter: 0) == [])
        #expect(machine.on(.logout, at: .zero, jitter: 0) == [.forget(clearing: true)])
    }

    @Test("The network fails: the session is kept, the error is the network's, and the next call tries again")
    func offline() {
        var machine = self.signedIn()
        for work in UInt64(1)...20 {
            #expect(machine.on(.wanted(1), at: .seconds(4000), jitter: 0) == [.refresh(work)])
            #expect(
                machine.on(.refreshFailed(work, Self.offline), at: .seconds(4000), jitter: 0) == [
                    .emit(.refreshFailed(Self.offline)), .fail([1], Self.offline),
                ]
            )
        }
        _ = machine.on(.wanted(1), at: .seconds(4001), jitter: 0)
        #expect(machine.on(.refreshed(21, .init(.seconds(60))), at: .seconds(4001), jitter: 0).last == .handOut([1]))
    }

    @Test("While the credential is still good, failed renewals are made again with a backoff, and nobody notices")
    func calm() {
        var machine = self.signedIn()
        #expect(machine.on(.wanted(1), at: .seconds(3300), jitter: 0) == [.handOut([1]), .refresh(1)])
        #expect(
            machine.on(.refreshFailed(1, Self.offline), at: .seconds(3300), jitter: 0.5) == [
                .emit(.refreshFailed(Self.offline))
            ]
        )
        #expect(machine.on(.wanted(2), at: .seconds(3300.4), jitter: 0) == [.handOut([2])])
        #expect(machine.on(.wanted(3), at: .seconds(3300.5), jitter: 0) == [.handOut([3]), .refresh(2)])
    }

    @Test("A server that asks for a pause is not asked before it is over; who cannot wait gets its error")
    func pause() {
        var machine = self.signedIn()
        let limited = FreshetError(.rateLimited(retryAfter: .seconds(20)), "429")
        _ = machine.on(.wanted(1), at: .seconds(4000), jitter: 0)
        _ = machine.on(.refreshFailed(1, limited), at: .seconds(4000), jitter: 0)
        #expect(machine.on(.wanted(2), at: .seconds(4019), jitter: 0) == [.fail([2], limited)])
        #expect(machine.on(.wanted(3), at: .seconds(4020), jitter: 0) == [.refresh(2)])
    }

    @Test("A fresh credential that is over already is an error, and ends at the limit instead of going round")
    func dead() {
        var machine = self.signedIn(life: .seconds(10))
        for work in UInt64(1)...6 {
            #expect(machine.on(.wanted(1), at: .seconds(20), jitter: 0) == [.refresh(work)])
            let actions = machine.on(.refreshed(work, .init(.seconds(-5))), at: .seconds(20), jitter: 0)
            guard actions.first == .adopt(saving: true), case .fail([1], let error)? = actions.last else {
                Issue.record("\(actions)")
                return
            }
            #expect(error.kind == .credentials)
            #expect(error.message == "the server gave credentials that had ended 5.0 seconds before they came")
        }
        guard case .fail([1], let error)? = machine.on(.wanted(1), at: .seconds(20), jitter: 0).first else {
            Issue.record("the seventh was tried")
            return
        }
        #expect(error.message.contains("renewed 5 times"))
    }

    @Test("Another login ends the session before: what was asked as one user is not asked again as another")
    func replaced() {
        var machine = self.signedIn()
        _ = machine.on(.newer(than: 1, 1, refused: true), at: .zero, jitter: 0)
        let error = AuthEvent.LogoutReason.replaced.error
        #expect(
            machine.on(.loggedIn(.init(.seconds(60))), at: .zero, jitter: 0) == [
                .drop(1), .forget(clearing: false), .emit(.loggedOut(.replaced)), .fail([1], error),
                .adopt(saving: true), .emit(.loggedIn),
            ]
        )
        #expect(machine.on(.newer(than: 1, 2, refused: true), at: .zero, jitter: 0) == [.fail([2], error)])
        #expect(machine.on(.newer(than: 2, 3, refused: true), at: .zero, jitter: 0) == [.refresh(2)])
    }

    @Test("Signing in while the store is read goes before what the store has")
    func loginWhileReading() {
        var machine = AuthMachine()
        _ = machine.on(.wanted(1), at: .zero, jitter: 0)
        #expect(
            machine.on(.loggedIn(.init(.seconds(60))), at: .zero, jitter: 0) == [
                .drop(1), .adopt(saving: true), .emit(.loggedIn), .handOut([1]),
            ]
        )
        #expect(machine.on(.restored(1, .init(.seconds(60))), at: .zero, jitter: 0) == [])
    }

    @Test("Signing out while it is renewed drops the renewal, clears the store, and tells everybody")
    func logoutWhileRefreshing() {
        var machine = self.signedIn()
        _ = machine.on(.wanted(1), at: .seconds(4000), jitter: 0)
        #expect(
            machine.on(.logout, at: .seconds(4000), jitter: 0) == [
                .drop(1), .forget(clearing: false), .emit(.loggedOut(.requested)),
                .fail([1], AuthEvent.LogoutReason.requested.error), .forget(clearing: true),
            ]
        )
        #expect(machine.on(.refreshed(1, .init(.seconds(60))), at: .seconds(4000), jitter: 0) == [])
    }

    @Test("Who does not wait any more is not answered, and the renewal goes on for the others")
    func gone() {
        var machine = self.signedIn()
        _ = machine.on(.wanted(1), at: .seconds(4000), jitter: 0)
        _ = machine.on(.wanted(2), at: .seconds(4000), jitter: 0)
        #expect(machine.on(.gone(1), at: .seconds(4000), jitter: 0) == [])
        let actions = machine.on(.refreshed(1, .init(.seconds(60))), at: .seconds(4000), jitter: 0)
        #expect(actions.last == .handOut([2]))
    }
}

extension AuthMachine.Life {
    /// One that has just begun.
    fileprivate init(_ life: Duration?) { self.init(total: life, left: life) }
}
