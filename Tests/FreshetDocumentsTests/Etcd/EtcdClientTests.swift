// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

@testable import FreshetDocuments

/// Whole clients on a scripted WebSocket and scripted HTTP, in virtual time.
@Suite(.timeLimit(.minutes(1)))
struct EtcdClientTests {
    /// A store of one document, `doc/a`, at a revision.
    private final class World: Sendable {
        let transport = ScriptedTransport()
        let clock = ManualClock()
        let revision: Locked<Int>
        let http: ScriptedHTTPTransport
        let client: EtcdClient

        init(revision: Int) {
            let current = Locked(revision)
            self.revision = current
            self.http = ScriptedHTTPTransport { call, _ throws(FreshetError) in
                if call.request.path == "/v3/watch" { return .status(.forbidden) }
                let revision = current.withLock { String($0) }
                return try .json(
                    [
                        "header": ["revision": .string(revision)], "count": "1",
                        "kvs": [["key": "ZG9jL2E=", "mod_revision": .string(revision), "value": "eA=="]],
                    ] as JSONValue
                )
            }
            self.client = EtcdClient(
                url: "http://127.0.0.1:1",
                configuration: EtcdClientConfiguration(),
                loop: .shared,
                webSocket: self.transport,
                http: self.http,
                time: TimeSource(self.clock, jitter: { 0.5 })
            )
        }

        func watch(from start: DocumentStart = .snapshot) -> Consumer {
            Consumer(self.client.documents(Bytes.self, under: "doc/", coding: .bytes).watch(from: start))
        }

        /// Attempt `number`, taken to where watches are made.
        func ready(_ number: Int) async -> ScriptedLink {
            let link = await self.transport.dial(number)
            link.open(subprotocol: nil)
            _ = await link.nextDeed()
            link.receive(#"{"result":{"header":{"revision":"1"},"watch_id":"1","created":true}}"#)
            #expect(await link.nextDeed() == .sent(#"{"cancel_request":{"watch_id":"1"}}"#))
            return link
        }

        var paths: [String] { self.http.calls.map { $0.request.path ?? "" } }
    }

    /// Runs a watch in a task of its own, and hands out its elements one by one.
    private final class Consumer: Sendable {
        private let stream: AsyncThrowingStream<DocumentEvent<Bytes>, any Error>
        private let task: Task<Void, Never>

        init(_ feed: Feed<DocumentEvent<Bytes>>) {
            let (stream, continuation) = AsyncThrowingStream<DocumentEvent<Bytes>, any Error>.makeStream()
            self.stream = stream
            self.task = Task {
                do throws(FreshetError) {
                    for try await event in feed { continuation.yield(event) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }

        deinit { self.task.cancel() }

        func next() async throws -> DocumentEvent<Bytes>? {
            var iterator = self.stream.makeAsyncIterator()
            return try await iterator.next()
        }
    }

    private static func created(_ watch: Int, _ revision: Int) -> String {
        #"{"result":{"header":{"revision":"\#(revision)"},"watch_id":"\#(watch)","created":true}}"#
    }

    private static func event(_ watch: Int, _ revision: Int) -> String {
        let kv = #"{"key":"ZG9jL2E=","create_revision":"1","mod_revision":"\#(revision)","value":"eQ=="}"#
        return #"{"result":{"header":{"revision":"99"},"watch_id":"\#(watch)","events":[{"kv":\#(kv)}]}}"#
    }

    /// Where the watch that was just asked for begins.
    private func start(_ link: ScriptedLink) async -> String? {
        guard case .sent(let text) = await link.nextDeed() else { return nil }
        return text.split(separator: #""start_revision":""#).dropFirst().first.map { String($0.prefix { $0 != "\"" }) }
    }

    @Test("Listed, watched from there, and after a drop from the last revision, without a gap")
    func resumes() async throws {
        let world = World(revision: 7)
        let events = world.watch()
        let link = await world.ready(1)
        #expect(await self.start(link) == "7")
        link.receive(Self.created(2, 7), Self.event(2, 9))
        guard case .snapshot(let snapshot)? = try await events.next() else {
            Issue.record("no state")
            return
        }
        #expect(snapshot.documents.map(\.version) == ["7"])
        #expect(snapshot.position == Position(number: 7))
        #expect(try await events.next()?.changes.first?.version == "9")
        link.fail()
        await world.clock.expire(.milliseconds(125))
        let again = await world.ready(2)
        #expect(await self.start(again) == "9")
        again.receive(Self.created(2, 20), Self.event(2, 12))
        #expect(try await events.next()?.changes.first?.version == "12")
        #expect(world.paths == ["/v3/kv/range"])
    }

    @Test("Progress moves the position, the revision of an answer or of an event's message does not")
    func progress() async throws {
        let world = World(revision: 7)
        let events = world.watch()
        let link = await world.ready(1)
        #expect(await self.start(link) == "7")
        link.receive(Self.created(2, 50))
        _ = try await events.next()
        link.fail()
        await world.clock.expire(.milliseconds(125))
        let second = await world.ready(2)
        #expect(await self.start(second) == "7")
        second.receive(Self.created(2, 50), #"{"result":{"header":{"revision":"60"},"watch_id":"2"}}"#)
        second.fail()
        await world.clock.expire(.milliseconds(250))
        #expect(await self.start(await world.ready(3)) == "60")
    }

    @Test("Compaction is a gap and then the state; the watch goes on from that, on the same connection")
    func compaction() async throws {
        let world = World(revision: 7)
        let events = world.watch(from: .after(Position(number: 3)))
        let link = await world.ready(1)
        #expect(await self.start(link) == "3")
        link.receive(
            Self.created(2, 7),
            #"{"result":{"header":{},"watch_id":"2","canceled":true,"compact_revision":"6"}}"#
        )
        guard case .gap(let gap)? = try await events.next() else {
            Issue.record("no gap")
            return
        }
        #expect(gap.cause == .compacted)
        guard case .snapshot? = try await events.next() else {
            Issue.record("no state")
            return
        }
        #expect(await link.nextDeed() == .sent(#"{"cancel_request":{"watch_id":"2"}}"#))
        #expect(await self.start(link) == "7")
    }

    @Test("A server behind the position is a gap of lost history, and then its state")
    func historyLost() async throws {
        let world = World(revision: 2)
        let events = world.watch(from: .after(Position(number: 30)))
        let link = await world.ready(1)
        #expect(await self.start(link) == "30")
        link.receive(Self.created(2, 2))
        guard case .gap(let gap)? = try await events.next() else {
            Issue.record("no gap")
            return
        }
        #expect(gap.cause == .historyLost)
        guard case .snapshot(let snapshot)? = try await events.next() else {
            Issue.record("no state")
            return
        }
        #expect(snapshot.documents.map(\.version) == ["2"])
    }

    @Test("From now on: nothing but a position is asked for, and the state only after a gap")
    func now() async throws {
        let world = World(revision: 7)
        let events = world.watch(from: .now)
        let link = await world.ready(1)
        #expect(await self.start(link) == "7")
        link.receive(
            Self.created(2, 7),
            #"{"result":{"header":{},"watch_id":"2","canceled":true,"compact_revision":"10"}}"#
        )
        guard case .gap? = try await events.next(), case .snapshot? = try await events.next() else {
            Issue.record("no gap, or no state behind it")
            return
        }
    }

    @Test("Neither a WebSocket nor a stream: polled, and asked again only what a change would show in")
    func polling() async throws {
        let world = World(revision: 7)
        let events = world.watch()
        await world.transport.dial(1).fail(FreshetError(.upgradeRefused(status: 403), "no WebSocket here"))
        guard case .gap(let gap)? = try await events.next(), case .snapshot? = try await events.next() else {
            Issue.record("not polled")
            return
        }
        #expect(gap.cause == .polling)
        #expect(world.paths == ["/v3/watch", "/v3/kv/range", "/v3/kv/range"])
        // The next time there is nothing new: the list is not asked for.
        await world.clock.sleeper(of: .seconds(5))
        world.revision.withLock { $0 = 8 }
        await world.clock.expire(.seconds(5))
        guard case .snapshot(let snapshot)? = try await events.next() else {
            Issue.record("no second state")
            return
        }
        #expect(snapshot.changes.map(\.version) == ["8"])
        await world.clock.expire(.seconds(5))
        await world.clock.sleeper(of: .seconds(5))
        #expect(world.paths.count { $0 == "/v3/kv/range" } == 5)
    }
}
