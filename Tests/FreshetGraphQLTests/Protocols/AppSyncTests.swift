// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// The older protocol as AWS AppSync speaks it.
@Suite(.timeLimit(.minutes(1)))
struct AppSyncTests {
    private static let start = ScriptedLink.Deed.sent(
        #"{"id":"1","payload":{"data":"{\"query\":\"subscription { n }\"}","#
            + #""extensions":{"authorization":{"host":"api.example.org","x-api-key":"k"}}},"type":"start"}"#
    )

    private static func client() -> ScriptedClient {
        ScriptedClient {
            $0.dialects = [.appSync]
            $0.connectionParameters = ["host": "api.example.org", "x-api-key": "k"]
        }
    }

    private func subscribed(
        _ harness: ScriptedClient,
        acknowledgement: String = #"{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}"#
    ) async -> (Listener<Int>, ScriptedLink) {
        let listener = harness.listen()
        let link = await harness.transport.dial(1)
        #expect(link.target.subprotocols == ["graphql-ws"])
        link.open(subprotocol: "graphql-ws")
        #expect(await link.nextDeed() == .initialisation)
        link.receive(acknowledgement)
        #expect(await link.nextDeed() == Self.start)
        return (listener, link)
    }

    @Test(
        "A subscription starts with the request as a text and the authorization beside it; connection_init has neither"
    )
    func start() async {
        let harness = Self.client()
        let (listener, link) = await self.subscribed(harness)
        link.receive(#"{"id":"1","type":"start_ack"}"#, #"{"id":"1","type":"data","payload":{"data":{"n":7}}}"#)
        #expect(await listener.next() == .update(7))
        await listener.leave()
        #expect(await link.nextDeed() == .sent(#"{"id":"1","type":"stop"}"#))
        #expect(await link.nextDeed() == .goodbye)
    }

    @Test("The server says how long it may be silent")
    func timeout() async {
        let harness = Self.client()
        let (listener, link) = await self.subscribed(harness)
        link.receive(#"{"type":"ka"}"#)
        await harness.clock.expire(.seconds(300))
        #expect(await link.nextDeed() == .abandon)
        #expect(await harness.waiting()?.error.kind == .timeout(.keepAlive))
        await listener.leave()
    }

    @Test(
        "A time that makes no sense is not believed",
        arguments: [
            (#"{"connectionTimeoutMs":1}"#, Duration.seconds(1)), (#"{"connectionTimeoutMs":"soon"}"#, .seconds(30)),
            (#"{"connectionTimeoutMs":99999999999}"#, .seconds(3600)), ("{}", .seconds(30)),
        ]
    )
    func oddTimeout(_ payload: String, _ window: Duration) async {
        let harness = Self.client()
        let acknowledgement = #"{"type":"connection_ack","payload":\#(payload)}"#
        let (listener, link) = await self.subscribed(harness, acknowledgement: acknowledgement)
        link.receive(#"{"type":"ka"}"#)
        await harness.clock.expire(window)
        #expect(await link.nextDeed() == .abandon)
        await listener.leave()
    }

    @Test("An error may lack an id: nothing ends because of it")
    func errorWithoutID() async {
        let harness = Self.client()
        let (listener, link) = await self.subscribed(harness)
        link.receive(#"{"type":"error","payload":{"errors":[{"errorType":"LimitExceededError"}]}}"#)
        link.receive(#"{"id":"1","type":"data","payload":{"data":{"n":7}}}"#)
        #expect(await listener.next() == .update(7))
    }

    @Test("An error with an id ends its subscription, with the server's words")
    func errorWithID() async {
        let harness = Self.client()
        let (listener, link) = await self.subscribed(harness)
        let errors = #"{"errors":[{"errorType":"UnauthorizedException","message":"Permission denied"}]}"#
        link.receive(#"{"id":"1","type":"error","payload":\#(errors)}"#)
        #expect(await listener.failure()?.graphQLErrors?.map(\.message) == ["Permission denied"])
    }

    @Test("A snapshot waits for the server's word on the subscription")
    func startAcknowledgement() async {
        let harness = Self.client()
        let recovery = GraphQLRecovery<Int>.refetch(using: { 5 })
        let listener = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: recovery))
        let link = await harness.transport.dial(1)
        link.open(subprotocol: "graphql-ws")
        #expect(await link.nextDeed() == .initialisation)
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await link.nextDeed() == Self.start)
        link.receive(#"{"id":"1","type":"start_ack"}"#)
        #expect(await listener.next() == .snapshot(5))
    }

    @Test("Queries and mutations are refused before anything is dialled")
    func subscriptionsOnly() async {
        let harness = Self.client()
        let query = await #expect(throws: FreshetError.self) { try await harness.client.query(Int.self, "{ n }") }
        let mutation = await #expect(throws: FreshetError.self) {
            try await harness.client.mutate(Int.self, "mutation { n }")
        }
        #expect(query?.kind == .invalidInput)
        #expect(mutation?.kind == .invalidInput)
        #expect(harness.transport.dialCount == 0)
    }

    @Test("Each start has the authorization that the provider gave for its connection")
    func freshAuthorization() async {
        let number = Locked(0)
        let harness = ScriptedClient {
            $0.dialects = [.appSync]
            $0.credentials = { _ in
                let count = number.withLock { number in
                    number += 1
                    return number
                }
                return Credentials(parameters: ["Authorization": .string("token \(count)")])
            }
        }
        let listener = harness.listen()
        for count in 1...2 {
            let link = await harness.transport.dial(count)
            link.open(subprotocol: "graphql-ws")
            #expect(await link.nextDeed() == .initialisation)
            link.receive(#"{"type":"connection_ack"}"#)
            guard case .sent(let start) = await link.nextDeed() else { return }
            #expect(start.contains(#""extensions":{"authorization":{"Authorization":"token \#(count)"}}"#))
            link.drop()
            await harness.retry()
        }
        await listener.leave()
    }

    @Test("A recovery that asks a query cannot work, and says so; one by a function does")
    func recoveryByQuery() async {
        let harness = Self.client()
        let feed = harness.client.subscribe(Int.self, "subscription { n }", recovery: .refetch("{ n }"))
        let listener = Listener(feed)
        let link = await harness.transport.dial(1)
        link.open(subprotocol: "graphql-ws")
        #expect(await link.nextDeed() == .initialisation)
        link.receive(#"{"type":"connection_ack"}"#)
        #expect(await listener.failure()?.kind == .invalidInput)
    }
}
