// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Logging
import Testing

/// A manager on scripted connections, in virtual time, with a jitter of one half.
final class Harness: Sendable {
    let loop = EventLoop()
    let transport = ScriptedTransport()
    let clock = ManualClock()
    let client: SubscriptionClient<LineSource>

    init(policy: ConnectionPolicy = ConnectionPolicy(), credentials: CredentialProvider? = nil) throws {
        self.client = SubscriptionClient(
            source: LineSource(),
            target: WebSocketTarget(endpoint: try Endpoint("ws://127.0.0.1:1/")),
            policy: policy,
            credentials: credentials,
            loop: self.loop,
            transport: self.transport,
            time: TimeSource(self.clock, jitter: { 0.5 }),
            logger: Logger(label: "test")
        )
    }

    deinit {
        let (client, loop) = (self.client, self.loop)
        Task {
            await client.close()
            loop.shutdown()
        }
    }

    func feed(_ topic: String) -> Feed<FeedEvent<String>> {
        Feed(
            open: { [client] in client.open(.init(topic)) },
            decode: { item throws(FreshetError) in
                switch item {
                case .gap(let gap): .gap(gap)
                case .update(let bytes): .update(bytes.text)
                case .snapshot(let bytes): .snapshot(bytes.text)
                case .value: .snapshot("a value")
                case .bookmark: throw FreshetError(.decoding, "nobody asked for bookmarks")
                case .rest: throw FreshetError(.decoding, "nothing is polled here")
                }
            }
        )
    }

    /// Attempt `number`, taken to where subscriptions are sent.
    func ready(_ number: Int) async -> ScriptedLink {
        let link = await self.transport.dial(number)
        link.open(subprotocol: "lines")
        let greeting = await link.nextDeed()
        #expect(greeting == .sent("hello"))
        link.receive("ready")
        return link
    }

    /// Waits for a state, then for the timer that it has set.
    func waiting(_ states: inout AsyncStream<ConnectionState>.Iterator) async -> Duration? {
        while let state = await states.next() {
            if case .waiting(let delay, _, _) = state {
                await self.clock.sleepers()
                return delay
            }
        }
        return nil
    }
}

/// Runs a feed in a task of its own and hands out its events one by one.
final class Consumer: Sendable {
    enum Outcome: Sendable, Equatable {
        case event(FeedEvent<String>)
        case end
        case failure(FreshetError)
    }

    private let stream: AsyncStream<Outcome>
    let task: Task<Void, Never>

    init(_ feed: some AsyncSequence<FeedEvent<String>, FreshetError> & Sendable) {
        let (stream, continuation) = AsyncStream<Outcome>.makeStream()
        self.stream = stream
        self.task = Task {
            do throws(FreshetError) {
                for try await event in feed { continuation.yield(.event(event)) }
                continuation.yield(.end)
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
    }

    deinit { self.task.cancel() }

    func next() async -> Outcome? {
        var iterator = self.stream.makeAsyncIterator()
        return await iterator.next()
    }
}
