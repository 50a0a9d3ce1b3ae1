// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

@testable import FreshetFirebase

/// Who may what, over real sockets.
@Suite(.timeLimit(.minutes(1)))
struct RealtimeRulesTests {
    private typealias World = RealtimeStandInTests

    @Test(
        "Rules that deny fail what they deny, at the beginning and later, and nothing else",
        arguments: World.Carrier.allCases
    )
    func rules(_ carrier: RealtimeStandInTests.Carrier) async throws {
        let server = try World.server(carrier)
        server.denyReading("secret")
        server.denyWriting("fixed")
        let database = World.client(server)
        #expect(await World.kind { _ = try await database.reference("secret").get(as: Int.self) } == .forbidden)
        #expect(await World.kind { try await database.reference("fixed").set(1) } == .forbidden)
        #expect(await World.kind { try await database.reference().update(["fixed/a": 1]) } == .forbidden)
        #expect(
            await World.kind { for try await _ in database.reference("secret/x").observe(as: Int.self) {} }
                == .forbidden
        )
        var (open, closed) = (
            database.reference("open").observe(as: Int.self).makeAsyncIterator(),
            database.reference("closed").observe(as: Int.self).makeAsyncIterator()
        )
        #expect(try await open.next() == .snapshot(nil))
        #expect(try await closed.next() == .snapshot(nil))
        server.denyReading("closed")
        #expect(await World.kind { _ = try await closed.next() } == .forbidden)
        server.set(1, at: "open")
        #expect(try await open.next() == .snapshot(1))
        await database.close()
        server.stop()
    }

    @Test("A token that is taken back is replaced by another one, and feeds go on", arguments: World.Carrier.allCases)
    func tokens(_ carrier: RealtimeStandInTests.Carrier) async throws {
        let server = try World.server(carrier)
        server.require(["first", "second"])
        let isRevoked = Locked(false)
        var configuration = RealtimeDatabaseConfiguration(credentials: { _ in
            .bearer(isRevoked.withLock { $0 } ? "second" : "first")
        })
        configuration.requestTimeout = .seconds(2)
        configuration.policy.backoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
        let database = RealtimeDatabase(url: server.url, configuration: configuration)
        var feed = database.reference("p").observe(as: Int.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(nil))
        isRevoked.withLock { $0 = true }
        server.revoke("first")
        guard case .gap? = try await feed.next() else { throw FreshetError(.decoding, "there was no gap") }
        #expect(try await feed.next() == .snapshot(nil))
        try await database.reference("p").set(1)
        #expect(try await feed.next() == .snapshot(1))
        await database.close()
        configuration.credentials = { _ in .bearer("third") }
        let stranger = RealtimeDatabase(url: server.url, configuration: configuration)
        #expect(await World.kind { try await stranger.reference("p").set(2) } != nil)
        await stranger.close()
        let owner = World.client(server, token: "owner")
        try await owner.reference("p").set(3)
        await owner.close()
        server.stop()
    }
}
