// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import FreshetTransport
import Testing

/// A `GraphQLClient` on scripted connections, in virtual time, with a jitter of one half.
final class ScriptedClient: Sendable {
    let loop = EventLoop(.poll)
    let transport = ScriptedTransport()
    let clock = ManualClock()
    let client: GraphQLClient
    /// Every state from the beginning.
    private let states: AsyncStream<ConnectionState>

    init(
        url: String = "ws://127.0.0.1:1/graphql",
        _ configure: (inout GraphQLClientConfiguration) -> Void = { _ in }
    ) {
        var configuration = GraphQLClientConfiguration()
        configuration.carrier = .webSocket
        configure(&configuration)
        self.client = GraphQLClient(
            url: url,
            configuration: configuration,
            loop: self.loop,
            transport: self.transport,
            time: TimeSource(self.clock, jitter: { 0.5 })
        )
        self.states = self.client.connectionStates
    }

    deinit {
        let (client, loop) = (self.client, self.loop)
        Task {
            await client.close()
            loop.shutdown()
        }
    }

    /// Somebody who wants `subscription { name }`.
    func listen(_ name: String = "n", variables: [String: JSONValue] = [:]) -> Listener<Int> {
        Listener(self.client.subscribe(Int.self, "subscription { \(name) }", variables: variables))
    }

    /// Attempt `number`, taken to where operations are sent.
    func connect(_ number: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) async -> ScriptedLink {
        let link = await self.open(number, sourceLocation: sourceLocation)
        link.receive(#"{"type":"connection_ack"}"#)
        return link
    }

    /// Attempt `number`, taken to where the acknowledgement is waited for.
    func open(_ number: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) async -> ScriptedLink {
        let link = await self.transport.dial(number)
        link.open()
        #expect(await link.nextDeed() == .initialisation, sourceLocation: sourceLocation)
        return link
    }

    /// A connection on which the server knows one subscription, the first.
    func subscribed(sourceLocation: SourceLocation = #_sourceLocation) async -> (Listener<Int>, ScriptedLink) {
        let listener = self.listen()
        let link = await self.connect(sourceLocation: sourceLocation)
        #expect(await link.nextDeed() == .subscribe(1), sourceLocation: sourceLocation)
        return (listener, link)
    }

    /// Returns when so many feeds are open: the only way to know that somebody has begun to listen while nothing is sent.
    func feeds(_ count: Int) async {
        while !Task.isCancelled {
            for await health in self.client.health() {
                if health.feeds == count { return }
                break
            }
            await Task.yield()
        }
    }

    // MARK: - States and time

    func nextState() async -> ConnectionState? {
        var iterator = self.states.makeAsyncIterator()
        return await iterator.next()
    }

    /// The first state from here on that is as wanted.
    @discardableResult
    func state(where isWanted: (ConnectionState) -> Bool) async -> ConnectionState? {
        while let state = await self.nextState() { if isWanted(state) { return state } }
        return nil
    }

    func state(_ wanted: ConnectionState) async {
        await self.state { $0 == wanted }
    }

    /// The next wait before an attempt, and why; nil when the client gives up instead.
    func waiting() async -> (delay: Duration, error: FreshetError)? {
        while let state = await self.nextState() {
            if case .waiting(let delay, _, let error) = state { return (delay, error) }
            if case .failed = state { return nil }
        }
        return nil
    }

    /// Lets the next wait before an attempt pass, and says how long it was.
    @discardableResult
    func retry() async -> Duration? {
        guard let (delay, _) = await self.waiting() else { return nil }
        await self.clock.expire(delay)
        return delay
    }

    /// Why the client gave up.
    func failed() async -> FreshetError? {
        if case .failed(let error)? = await self.state(where: { if case .failed = $0 { true } else { false } }) {
            return error
        }
        return nil
    }

    /// Lets an hour pass in steps, for a timer that there must not be.
    func anHour() async {
        for _ in 1...60 {
            self.clock.jump(by: .seconds(60))
            await self.settle()
        }
    }

    /// Returns when everything that was brought to the loop before has been dealt with.
    func settle() async {
        await withCheckedContinuation { continuation in self.loop.execute { continuation.resume() } }
    }
}
