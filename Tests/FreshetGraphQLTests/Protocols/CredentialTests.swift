// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// Who the client says that it is.
@Suite(.timeLimit(.minutes(1)))
struct CredentialTests {
    private struct LeakyError: Error, CustomStringConvertible {
        var description: String { "token s3cret has expired" }
    }

    /// A provider that gives `token 1`, `token 2` and so on, and remembers why it was asked.
    private final class Provider: Sendable {
        let reasons = Locked<[Credentials.Reason]>([])
        let lifetime: Duration?

        init(lifetime: Duration? = nil) { self.lifetime = lifetime }

        func credentials(_ reason: Credentials.Reason) -> Credentials {
            let count = self.reasons.withLock { reasons in
                reasons.append(reason)
                return reasons.count
            }
            return .bearer("token \(count)", lifetime: self.lifetime)
        }
    }

    private func client(_ provider: Provider, lifetime: Duration? = nil) -> ScriptedClient {
        ScriptedClient { $0.credentials = { provider.credentials($0) } }
    }

    /// Attempt `number`, which must show this token in its header and in connection_init.
    private func open(_ harness: ScriptedClient, _ number: Int) async -> ScriptedLink {
        let link = await harness.transport.dial(number)
        #expect(link.target.configuration.headers == [HTTPHeader("Authorization", "Bearer token \(number)")])
        link.open()
        let payload = #"{"token":"token \#(number)"}"#
        #expect(await link.nextDeed() == .sent(#"{"payload":\#(payload),"type":"connection_init"}"#))
        return link
    }

    private func acknowledge(_ link: ScriptedLink) async {
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await link.nextDeed() == .subscribe(1))
    }

    @Test("A bearer token is in the upgrade's header and in the parameters of connection_init")
    func bearer() async {
        let harness = self.client(Provider())
        let listener = harness.listen()
        await self.acknowledge(self.open(harness, 1))
        await listener.leave()
    }

    @Test("The provider's headers go beside the client's own, and instead of those of the same name")
    func headers() async {
        let harness = ScriptedClient {
            $0.webSocket.headers = [HTTPHeader("X-App", "a"), HTTPHeader("authorization", "old")]
            $0.credentials = { _ in Credentials(headers: [HTTPHeader("Authorization", "new")]) }
        }
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        #expect(link.target.configuration.headers == [HTTPHeader("X-App", "a"), HTTPHeader("Authorization", "new")])
        await listener.leave()
    }

    @Test("Credentials in the parameters do not follow a redirect to another origin")
    func redirects() async {
        let harness = self.client(Provider())
        let listener = harness.listen()
        #expect(await harness.transport.dial(1).target.configuration.redirects.acrossOrigins == false)
        await listener.leave()
    }

    @Test("What a provider throws is told by its type alone: its words may be a secret")
    func noSecretInErrors() async {
        let harness = ScriptedClient { $0.credentials = { _ in throw LeakyError() } }
        let error = await harness.listen().failure()
        #expect(error?.kind == .credentials)
        #expect(error?.message == "the provider of credentials failed with LeakyError")
        #expect("\(String(describing: error))".contains("s3cret") == false)
    }

    @Test("Neither credentials nor a configuration show a secret when they are printed")
    func noSecretInDescriptions() {
        let credentials = Credentials.bearer("s3cret")
        let configuration = GraphQLClientConfiguration(
            webSocket: WebSocketConfiguration(headers: credentials.headers),
            connectionParameters: credentials.parameters
        )
        for text in ["\(credentials)", String(reflecting: credentials), "\(configuration)"] {
            #expect(!text.contains("s3cret"))
        }
    }

    @Test("Refused once, the provider is asked for others at once; refused again, the client waits for new ones")
    func refused() async {
        let provider = Provider()
        let harness = self.client(provider)
        let listener = harness.listen()
        await self.open(harness, 1).close(4403, "Forbidden")
        await self.open(harness, 2).close(4403, "Forbidden")
        let state = await harness.state { if case .needsCredentials = $0 { true } else { false } }
        guard case .needsCredentials(let error)? = state else { return }
        #expect(error.kind == .forbidden)
        #expect(harness.clock.sleeperCount == 0)
        harness.client.hint(.credentialsChanged)
        await self.acknowledge(self.open(harness, 3))
        #expect(provider.reasons.withLock { $0 } == [.connecting, .refused, .connecting])
        await listener.leave()
    }

    @Test("An upgrade that is answered with 401 asks for others too")
    func refusedUpgrade() async {
        let provider = Provider()
        let harness = self.client(provider)
        let listener = harness.listen()
        let refusal = FreshetError(.upgradeRefused(status: 401), "the server answered with 401")
        await harness.transport.dial(1).end(.failure(refusal))
        await self.acknowledge(self.open(harness, 2))
        #expect(provider.reasons.withLock { $0 } == [.connecting, .refused])
        await listener.leave()
    }

    @Test("A provider that has none without the user is not asked again before it is told of new ones")
    func providerNeedsUser() async {
        let isLoggedIn = Locked(false)
        let harness = ScriptedClient {
            $0.credentials = { _ in
                guard isLoggedIn.withLock({ $0 }) else { throw FreshetError(.unauthorized, "log in") }
                return Credentials()
            }
        }
        let listener = harness.listen()
        await harness.state(.needsCredentials(FreshetError(.unauthorized, "log in")))
        isLoggedIn.withLock { $0 = true }
        harness.client.hint(.credentialsChanged)
        #expect(await harness.connect().nextDeed() == .subscribe(1))
        await listener.leave()
    }

    @Test("Before credentials expire a second connection takes over: no gap, nothing twice, and the first is closed")
    func rotation() async {
        let provider = Provider(lifetime: .seconds(100))
        let harness = self.client(provider)
        let listener = harness.listen()
        let first = await self.open(harness, 1)
        await self.acknowledge(first)
        first.next(1, 1)
        #expect(await listener.next() == .update(1))
        await harness.clock.expire(.seconds(75))
        let second = await self.open(harness, 2)
        await self.acknowledge(second)
        #expect(await second.nextDeed() == .ping)
        // Both send the same while they overlap.
        first.next(1, 2)
        second.next(1, 2)
        second.receive(#"{"type":"pong"}"#)
        #expect(await first.nextDeed() == .ping)
        first.receive(#"{"type":"pong"}"#)
        #expect(await first.nextDeed() == .goodbye)
        second.next(1, 3)
        #expect(await listener.next() == .update(2))
        #expect(await listener.next() == .update(3))
        #expect(provider.reasons.withLock { $0 } == [.connecting, .expiring])
        await listener.leave()
        #expect(await second.nextDeed() == .complete(1))
        #expect(await second.nextDeed() == .goodbye)
    }

    @Test("The gap after a refusal says what was refused")
    func gapAfterRefusal() async {
        let harness = self.client(Provider())
        let listener = harness.listen()
        let first = await self.open(harness, 1)
        await self.acknowledge(first)
        first.close(4401, "token expired")
        await self.acknowledge(self.open(harness, 2))
        #expect(await listener.gap()?.reason.contains("4401: token expired") == true)
    }

    @Test("A successor that is refused changes nothing for the live connection, and is tried again")
    func rotationFails() async {
        let harness = self.client(Provider(lifetime: .seconds(100)))
        let listener = harness.listen()
        let first = await self.open(harness, 1)
        await self.acknowledge(first)
        await harness.clock.expire(.seconds(75))
        await self.open(harness, 2).close(4403)
        first.next(1, 1)
        #expect(await listener.next() == .update(1))
        await harness.clock.expire(.milliseconds(125))
        let third = await self.open(harness, 3)
        await self.acknowledge(third)
        #expect(await third.nextDeed() == .ping)
        third.receive(#"{"type":"pong"}"#)
        #expect(await first.nextDeed() == .ping)
        first.receive(#"{"type":"pong"}"#)
        await harness.clock.expire(.milliseconds(100))
        #expect(await first.nextDeed() == .goodbye)
        third.next(1, 2)
        #expect(await listener.next() == .update(2))
    }

    @Test("A live connection that breaks while its successor is made: the successor is the connection, with a gap")
    func breaksDuringRotation() async {
        let harness = self.client(Provider(lifetime: .seconds(100)))
        let listener = harness.listen()
        let first = await self.open(harness, 1)
        await self.acknowledge(first)
        await harness.clock.expire(.seconds(75))
        let second = await self.open(harness, 2)
        first.drop()
        await self.acknowledge(second)
        #expect(await listener.gap()?.reason == "it broke")
        second.next(1, 2)
        #expect(await listener.next() == .update(2))
        #expect(harness.transport.dialCount == 2)
    }

    @Test("A query that is on its way when the successor is ready is waited for, and asked only once")
    func queryDuringRotation() async throws {
        let harness = self.client(Provider(lifetime: .seconds(100)))
        let listener = harness.listen()
        let first = await self.open(harness, 1)
        await self.acknowledge(first)
        let query = Task { try await harness.client.query(Int.self, "{ n }") }
        #expect(await first.nextDeed() == .sent(#"{"id":"2","payload":{"query":"{ n }"},"type":"subscribe"}"#))
        await harness.clock.expire(.seconds(75))
        let second = await self.open(harness, 2)
        await self.acknowledge(second)
        #expect(await second.nextDeed() == .ping)
        second.receive(#"{"type":"pong"}"#)
        #expect(await first.nextDeed() == .ping)
        first.receive(#"{"type":"pong"}"#)
        await harness.clock.expire(.milliseconds(100))
        #expect(await first.isQuiet())
        first.next(2, 20)
        #expect(try await query.value == 20)
        #expect(await first.nextDeed() == .goodbye)
        second.next(1, 2)
        #expect(await listener.next() == .update(2))
        #expect(await second.isQuiet())
    }
}
