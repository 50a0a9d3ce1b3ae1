// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import FreshetTestSupport
import Testing

/// The actor around the decisions: waiting, cancelling, renewing, storing.
@Suite(.timeLimit(.minutes(2)))
struct AuthSessionTests {
    private static let offline = FreshetError(.unreachable, "no network")
    private static let refusal = FreshetError(.unauthorized, "the server answered the refresh with 400: invalid_grant")

    @Test("Without a login there is no credential, and nobody is asked")
    func signedOut() async {
        let harness = SessionHarness()
        let error = await #expect(throws: FreshetError.self) { try await harness.token() }
        #expect(error?.kind == .unauthorized)
        #expect(harness.authenticator.refreshes == 0)
    }

    @Test("10,000 concurrent calls with an expiring token: one refresh per expiry")
    func singleFlight() async throws {
        let gates = (1...3).map { _ in Gate() }
        let harness = SessionHarness { number, _ in
            await gates[number - 1].wait()
            return .test(number + 1)
        }
        try await harness.session.login(.test(1))
        for expiry in 1...3 {
            harness.pass(.seconds(3600))
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10_000 { group.addTask { try await harness.token() } }
                gates[expiry - 1].open()
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(tokens == ["token-\(expiry + 1)"])
            #expect(harness.authenticator.refreshes == expiry)
        }
    }

    @Test("Near its end the token is renewed beside the calls, which go on with the old one")
    func ahead() async throws {
        let gate = Gate()
        let harness = SessionHarness { number, _ in
            await gate.wait()
            return .test(number + 1)
        }
        let events = harness.session.events
        try await harness.session.login(.test(1))
        harness.pass(.seconds(3221))
        #expect(try await harness.token() == "token-1")
        #expect(harness.authenticator.refreshes == 0)
        harness.pass(.seconds(1))
        for _ in 0..<100 { #expect(try await harness.token() == "token-1") }
        gate.open()
        for await event in events where event == .refreshed { break }
        #expect(try await harness.token() == "token-2")
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test("A late 401 that used an older credential gets the current one and does not refresh again")
    func late() async throws {
        let harness = SessionHarness()
        try await harness.session.login(.test(1))
        let old = try await harness.session.lease()
        let newer = try await harness.session.lease(after: old)
        #expect(newer.credential.accessToken == "token-2" && newer.generation > old.generation)
        #expect(try await harness.session.lease(after: old).credential.accessToken == "token-2")
        await harness.session.invalidate(old)
        #expect(try await harness.token() == "token-2")
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test("Refresh refused: logged out once, everybody who waits gets .unauthorized, and the store is empty")
    func refused() async throws {
        let gate = Gate()
        let harness = SessionHarness { _, _ throws(FreshetError) in
            await gate.wait()
            throw Self.refusal
        }
        let events = harness.session.events
        try await harness.session.login(.test(1))
        harness.pass(.seconds(3600))
        let kinds = await withTaskGroup(of: FreshetError.Kind?.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    do throws(FreshetError) {
                        _ = try await harness.token()
                        return nil
                    } catch { return error.kind }
                }
            }
            gate.open()
            return await group.reduce(into: [FreshetError.Kind?]()) { $0.append($1) }
        }
        #expect(kinds == Array(repeating: .unauthorized, count: 100))
        #expect(harness.authenticator.refreshes == 1)
        try await harness.session.logout()
        #expect(try await harness.store.load("default") == nil)
        try await harness.session.login(.test(9))
        var seen: [AuthEvent] = []
        for await event in events {
            seen.append(event)
            if event == .loggedIn, seen.count > 1 { break }
        }
        #expect(seen == [.loggedIn, .loggedOut(.refused(Self.refusal)), .loggedIn])
    }

    @Test("Network failure during refresh: the session is kept, the error is the network's, a later call works")
    func offline() async throws {
        let harness = SessionHarness { number, old throws(FreshetError) in
            #expect(old.refreshToken == "refresh-1")
            if number < 3 { throw Self.offline }
            return .test(2)
        }
        try await harness.session.login(.test(1))
        harness.pass(.seconds(3600))
        for _ in 0..<2 {
            let error = await #expect(throws: FreshetError.self) { try await harness.token() }
            #expect(error == Self.offline)
        }
        #expect(try await harness.token() == "token-2")
    }

    @Test("A refresh that never ends fails for everybody when its time is over, and the next call begins another")
    func hanging() async throws {
        let harness = SessionHarness { number, _ in
            if number == 1 { await Gate().wait() }
            return .test(number + 1)
        }
        try await harness.session.login(.test(1))
        harness.pass(.seconds(3600))
        let call = Task { try await harness.token() }
        await harness.clock.expire(.seconds(30))
        let error = await #expect(throws: FreshetError.self) { try await call.value }
        #expect(error?.kind == .timeout(.credentials))
        #expect(try await harness.token() == "token-3")
    }

    @Test("A cancelled call throws .cancelled at once, and the refresh goes on for the others")
    func cancelled() async throws {
        let (started, gate) = (Gate(), Gate())
        let harness = SessionHarness { number, _ in
            started.open()
            await gate.wait()
            #expect(!Task.isCancelled)
            return .test(number + 1)
        }
        try await harness.session.login(.test(1))
        harness.pass(.seconds(3600))
        let first = Task { try await harness.token() }
        let second = Task { try await harness.token() }
        await started.wait()
        first.cancel()
        // The refresh is still held.
        let error = await #expect(throws: FreshetError.self) { try await first.value }
        #expect(error?.kind == .cancelled)
        gate.open()
        #expect(try await second.value == "token-2")
        #expect(harness.authenticator.refreshes == 1)
    }

    @Test("What one process saved, the next one goes on with, also after a refresh")
    func restored() async throws {
        let store = MemoryCredentialStore()
        let first = SessionHarness(store: store)
        try await first.session.login(.test(1))
        let second = SessionHarness(store: store)
        second.wall.withLock { $0 += 1000 }
        let events = second.session.events
        let lease = try await second.session.lease()
        #expect(lease.credential.accessToken == "token-1")
        #expect(lease.lifetime == .seconds(2600))
        for await event in events {
            #expect(event == .restored)
            break
        }
        _ = try await second.session.lease(after: lease)
        // Written by its own time: a third process sees it when nothing is left to write.
        _ = try await second.session.adopt(try await second.session.validCredential())
        #expect(try await SessionHarness(store: store).token() == "token-2")
    }

    @Test("After a logout nothing is stored, the server was told, and calls throw .unauthorized")
    func logout() async throws {
        let harness = SessionHarness()
        let events = harness.session.events
        try await harness.session.login(.test(1))
        try await harness.session.logout()
        #expect(harness.authenticator.revoked.withLock { $0.map(\.accessToken) } == ["token-1"])
        #expect(try await harness.store.load("default") == nil)
        let error = await #expect(throws: FreshetError.self) { try await harness.token() }
        #expect(error?.kind == .unauthorized)
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .loggedIn)
        #expect(await iterator.next() == .loggedOut(.requested))
    }

    @Test("A process that only signs out tells the server of what an earlier one has stored")
    func logoutUnread() async throws {
        let store = MemoryCredentialStore()
        try await SessionHarness(store: store).session.login(.test(1))
        let harness = SessionHarness(store: store)
        try await harness.session.logout()
        #expect(harness.authenticator.revoked.withLock { $0.map(\.accessToken) } == ["token-1"])
        #expect(try await store.load("default") == nil)
    }

    @Test("A store that fails is told as an event, and the session goes on without it")
    func storeFails() async throws {
        let harness = SessionHarness(store: BrokenStore())
        let events = harness.session.events
        try await harness.session.login(.test(1))
        #expect(try await harness.token() == "token-1")
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .loggedIn)
        #expect(await iterator.next() == .notStored(BrokenStore.error))
        let error = await #expect(throws: FreshetError.self) { try await harness.session.logout() }
        #expect(error == BrokenStore.error)
    }

    @Test("A store that cannot be read is an error of the call")
    func storeUnreadable() async throws {
        let harness = SessionHarness(store: BrokenStore())
        let error = await #expect(throws: FreshetError.self) { try await harness.token() }
        #expect(error == BrokenStore.error)
        let other = SessionHarness()
        try await other.store.save(Array(#"{"credential":"s3cret"}"#.utf8), as: "default")
        let decoding = await #expect(throws: FreshetError.self) { try await other.token() }
        #expect(decoding?.kind == .decoding && decoding?.description.contains("s3cret") == false)
        try await other.session.login(.test(1))
        #expect(try await other.token() == "token-1")
    }

    @Test("Several listen to the events, and each hears all of them")
    func listeners() async throws {
        let harness = SessionHarness()
        let streams = [harness.session.events, harness.session.events]
        try await harness.session.login(.test(1))
        for stream in streams {
            var iterator = stream.makeAsyncIterator()
            #expect(await iterator.next() == .loggedIn)
        }
    }
}

/// A store that does nothing but fail.
struct BrokenStore: CredentialStore {
    static let error = FreshetError(.credentials, "the disk is full")

    func load(_ name: String) async throws(FreshetError) -> [UInt8]? { throw Self.error }
    func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) { throw Self.error }
    func clear(_ name: String) async throws(FreshetError) { throw Self.error }
}
