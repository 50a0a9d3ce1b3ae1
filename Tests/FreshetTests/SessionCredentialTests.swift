// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// One session behind REST and several WebSockets.
@Suite(.timeLimit(.minutes(1)))
struct SessionCredentialTests {
    private static let refusal = FreshetError(.unauthorized, "invalid_grant")

    /// Takes attempt `number` to where it is live.
    private func ready(_ transport: ScriptedTransport, _ number: Int) async -> ScriptedLink {
        let link = await transport.dial(number)
        link.open(subprotocol: "lines")
        _ = await link.nextDeed()
        link.receive("ready")
        guard case .sent(let text) = await link.nextDeed(), text.hasPrefix("sub "), text.hasSuffix(" a") else {
            Issue.record("it did not subscribe")
            return link
        }
        return link
    }

    /// Iterates a feed to its end, and says how it ended.
    private func listen(_ client: SubscriptionClient<LineSource>) -> Task<FreshetError?, Never> {
        Task {
            do throws(FreshetError) {
                for try await _ in client.subscribe(to: "a") {}
                return nil
            } catch { return error }
        }
    }

    private func token(_ link: ScriptedLink) -> String? {
        link.target.configuration.headers.first { $0.name == "Authorization" }?.value
    }

    @Test("Refresh is single flight across REST and N sockets: all are refused at once, and one refresh serves them")
    func singleFlight() async throws {
        let gate = Locked<CheckedContinuation<Void, Never>?>(nil)
        let (held, hold) = AsyncStream<Void>.makeStream()
        let world = SessionWorld(
            NumberedTokens { number in
                await withCheckedContinuation { continuation in
                    gate.withLock { $0 = continuation }
                    hold.yield()
                }
                return number + 1
            }
        )
        try await world.session.login(1)
        let transports = (0..<5).map { _ in ScriptedTransport() }
        let clients = try transports.map { try world.client(on: $0) }
        let feeds = clients.map { self.listen($0) }
        var links: [ScriptedLink] = []
        for transport in transports { links.append(await self.ready(transport, 1)) }
        #expect(links.map { self.token($0) } == Array(repeating: "Bearer token-1", count: 5))
        // Everybody is refused: five sockets, and 100 calls.
        let lease = try await world.session.lease()
        let calls = (0..<100).map { _ in Task { try await world.session.lease(after: lease).credential.accessToken } }
        for link in links { link.close(code: 4401) }
        for await _ in held { break }
        gate.withLock { $0.take() }?.resume()
        for transport in transports { #expect(self.token(await transport.dial(2)) == "Bearer token-2") }
        for call in calls { #expect(try await call.value == "token-2") }
        #expect(world.server.refreshes == 1)
        for client in clients { await client.close() }
        for feed in feeds { #expect(await feed.value?.kind == .clientClosed) }
    }

    @Test("Before the credential ends the connection is replaced with a newer one, by one refresh for all sockets")
    func expiring() async throws {
        let world = SessionWorld()
        try await world.session.login(1)
        let transports = [ScriptedTransport(), ScriptedTransport()]
        let clients = try transports.map { try world.client(on: $0) }
        let feeds = clients.map { self.listen($0) }
        for transport in transports { _ = await self.ready(transport, 1) }
        // An hour's life: a minute before its end.
        await world.clock.expire(.seconds(3540), count: transports.count)
        for transport in transports { #expect(self.token(await transport.dial(2)) == "Bearer token-2") }
        #expect(world.server.refreshes == 1)
        for client in clients { await client.close() }
        for feed in feeds { _ = await feed.value }
    }

    @Test("Refresh refused: one logout event, and the streams of every socket end with .unauthorized")
    func refused() async throws {
        let world = SessionWorld(NumberedTokens { _ throws(FreshetError) in throw Self.refusal })
        let events = world.session.events
        try await world.session.login(1)
        let transports = [ScriptedTransport(), ScriptedTransport(), ScriptedTransport()]
        let clients = try transports.map { try world.client(on: $0) }
        let feeds = clients.map { self.listen($0) }
        var links: [ScriptedLink] = []
        for transport in transports { links.append(await self.ready(transport, 1)) }
        // Only the first is refused; the others hear of it by the session.
        links[0].close(code: 4401)
        for feed in feeds {
            let error = await feed.value
            #expect(error?.kind == .unauthorized)
            #expect(error?.message == "signed out, because the credentials were not renewed: invalid_grant")
        }
        #expect(transports.map(\.dialCount) == [1, 1, 1])
        #expect(links[1].deeds.contains(.close(code: 1000)) && links[2].deeds.contains(.close(code: 1000)))
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .loggedIn)
        #expect(await iterator.next() == .loggedOut(.refused(Self.refusal)))
        for client in clients { await client.close() }
    }

    @Test("A logout ends the streams; without a login the next ones end at once; after one they work, as that user")
    func logout() async throws {
        let world = SessionWorld()
        try await world.session.login(1)
        let transport = ScriptedTransport()
        let client = try world.client(on: transport)
        let feed = self.listen(client)
        let link = await self.ready(transport, 1)
        try await world.session.logout()
        #expect(await feed.value?.kind == .unauthorized)
        #expect(link.deeds.last == .close(code: 1000))
        #expect(await self.listen(client).value?.kind == .unauthorized)
        #expect(transport.dialCount == 1)
        try await world.session.login(7)
        let next = self.listen(client)
        #expect(self.token(await self.ready(transport, 2)) == "Bearer token-7")
        await client.close()
        #expect(await next.value?.kind == .clientClosed)
    }

    @Test("Another user signs in: the streams of the one before end, and nothing of them goes to the other")
    func replaced() async throws {
        let world = SessionWorld()
        try await world.session.login(1)
        let transport = ScriptedTransport()
        let client = try world.client(on: transport)
        let feed = self.listen(client)
        _ = await self.ready(transport, 1)
        try await world.session.login(7)
        let error = await feed.value
        #expect(error?.kind == .unauthorized)
        #expect(error?.message == "another user has signed in")
        #expect(transport.dialCount == 1)
        await client.close()
    }

    @Test("The network fails during the refresh: the client tries again after its backoff, and the feed goes on")
    func offline() async throws {
        let world = SessionWorld(
            NumberedTokens { number throws(FreshetError) in
                if number == 1 { throw FreshetError(.unreachable, "no network") }
                return 2
            }
        )
        try await world.session.login(1)
        let transport = ScriptedTransport()
        let client = try world.client(on: transport)
        let feed = self.listen(client)
        let link = await self.ready(transport, 1)
        link.close(code: 4401)
        await world.clock.expire(.milliseconds(125))
        #expect(self.token(await self.ready(transport, 2)) == "Bearer token-2")
        await client.close()
        #expect(await feed.value?.kind == .clientClosed)
    }

    @Test("A session that has ended while the client waits before its next attempt ends the feeds without it")
    func logoutWhileWaiting() async throws {
        let world = SessionWorld()
        try await world.session.login(1)
        let transport = ScriptedTransport()
        let client = try world.client(on: transport)
        let feed = self.listen(client)
        let link = await self.ready(transport, 1)
        link.fail()
        await world.clock.sleeper(of: .milliseconds(125))
        try await world.session.logout()
        #expect(await feed.value?.kind == .unauthorized)
        #expect(transport.dialCount == 1)
        await client.close()
    }

    @Test("A late refusal of what a socket showed renews nothing where requests have newer credentials already")
    func lateRefusalOfSocket() async throws {
        let world = SessionWorld()
        let provider = world.session.provider()
        let memory = world.memory(provider)
        try await world.session.login(1)
        let transport = ScriptedTransport()
        let client = try world.client(on: transport, provider)
        let feed = self.listen(client)
        let link = await self.ready(transport, 1)
        let newer = try await memory.other(than: memory.current())
        #expect(newer.credentials.headers.first?.value == "Bearer token-2")
        link.close(code: 4401)
        #expect(self.token(await self.ready(transport, 2)) == "Bearer token-2")
        #expect(world.server.refreshes == 1)
        await client.close()
        #expect(await feed.value?.kind == .clientClosed)
    }
}
