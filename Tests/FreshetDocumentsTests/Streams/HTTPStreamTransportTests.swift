// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// Messages as requests, and lines as messages: `begin 1` begins a stream, `end 1` ends it; `brief 1` begins one that may end, and
/// `once 1` is a request with an end.
@Suite(.timeLimit(.minutes(1)))
struct HTTPStreamTransportTests {
    /// The answers to the requests, by the messages that they are.
    private final class Answers: Sendable {
        typealias Answer = (stream: AsyncStream<String>, continuation: AsyncStream<String>.Continuation)

        private let answers = Locked<[String: Answer]>([:])

        subscript(_ message: String) -> Answer {
            self.answers.withLock { answers in
                let answer = answers[message] ?? AsyncStream<String>.makeStream()
                answers[message] = answer
                return answer
            }
        }
    }

    /// A connection, and what it tells.
    // Proof for @unchecked: `link` does not change, and is called on the loop's thread only.
    private final class World: @unchecked Sendable {
        let answers = Answers()
        let link: any WebSocketLink
        private let stream: AsyncStream<String>

        init() throws {
            let (stream, continuation) = AsyncStream<String>.makeStream()
            self.stream = stream
            let transport = HTTPStreamTransport(
                steps: { message in
                    let words = message.text.split(separator: " ")
                    guard words.count == 2, let id = Int64(words[1]) else { return .nothing }
                    switch words[0] {
                    case "begin": return .begin(id)
                    case "brief": return .begin(id, mayEnd: true)
                    case "once": return .once
                    default: return .end(id)
                    }
                },
                exchange: { [answers] message, line throws(FreshetError) in
                    for await text in answers[message.text].stream {
                        if text == "403" { throw HTTPStreamTransportTests.forbidden }
                        await line(Bytes(copying: text.utf8))
                    }
                    if Task.isCancelled { continuation.yield("cancelled \(message.text)") }
                }
            )
            let target = WebSocketTarget(endpoint: try Endpoint("ws://127.0.0.1:1/"))
            self.link = transport.dial(target, on: .shared) { event in
                switch event {
                case .opened(let subprotocol): continuation.yield("opened \(subprotocol ?? "")")
                case .messages(let batches): for message in batches.joined() { continuation.yield(message.text) }
                case .roundTrip: continuation.yield("round trip")
                case .ended(let end): continuation.yield("ended \(end.error.kind) \(end.isRefusalInHTTP)")
                }
            }
        }

        func next() async -> String? {
            var iterator = self.stream.makeAsyncIterator()
            return await iterator.next()
        }

        /// What the manager does, where it does it.
        func act(_ body: @escaping @Sendable (any WebSocketLink) -> Void) {
            EventLoop.shared.execute { [self] in body(self.link) }
        }

        func send(_ text: String) { self.act { $0.send(WebSocketMessage(text: text)) } }
    }

    private static let forbidden = FreshetError(
        .forbidden,
        "no",
        refusal: HTTPRefusal(status: 403, retryAfter: nil, authenticate: nil, body: [])
    )

    private func open() async throws -> World {
        let world = try World()
        #expect(await world.next() == "opened http-streams")
        return world
    }

    @Test("Each message is a request, whose lines are messages; empty ones are none")
    func lines() async throws {
        let world = try await self.open()
        world.send("begin 1")
        world.send("begin 2")
        world.send("whatever")
        world.answers["begin 1"].continuation.yield("a")
        #expect(await world.next() == "a")
        world.answers["begin 2"].continuation.yield("")
        world.answers["begin 2"].continuation.yield("b")
        #expect(await world.next() == "b")
        world.send("end 1")
        #expect(await world.next() == "cancelled begin 1")
    }

    @Test("The end of one stream is the end of the connection, and of the other streams")
    func end() async throws {
        let world = try await self.open()
        world.send("begin 1")
        world.send("begin 2")
        world.answers["begin 2"].continuation.yield("b")
        #expect(await world.next() == "b")
        world.answers["begin 1"].continuation.finish()
        let ends = [await world.next(), await world.next()].compactMap { $0 }
        #expect(ends.sorted() == ["cancelled begin 2", "ended interrupted false"])
    }

    @Test("A request that has an end ends alone, and so does a stream that may")
    func once() async throws {
        let world = try await self.open()
        for message in ["once 1", "once 2", "brief 3", "begin 4"] { world.send(message) }
        for (message, text) in [("once 1", "a"), ("brief 3", "b"), ("once 2", "c"), ("begin 4", "d")] {
            world.answers[message].continuation.yield(text)
            #expect(await world.next() == text)
            if message != "begin 4" { world.answers[message].continuation.finish() }
        }
        world.answers["begin 4"].continuation.yield("e")
        #expect(await world.next() == "e")
    }

    @Test("A request that is refused in HTTP is a connection that is refused in HTTP")
    func refused() async throws {
        let world = try await self.open()
        world.send("begin 1")
        world.answers["begin 1"].continuation.yield("403")
        #expect(await world.next() == "ended upgradeRefused(status: 403) true")
    }

    @Test("While reading is paused no line comes, and none is lost")
    func pause() async throws {
        let world = try await self.open()
        world.send("begin 1")
        world.answers["begin 1"].continuation.yield("a")
        #expect(await world.next() == "a")
        world.act { $0.pauseReading() }
        world.act { [answers = world.answers] _ in
            for text in ["b", "c"] { answers["begin 1"].continuation.yield(text) }
        }
        world.send("begin 2")
        world.act { $0.resumeReading() }
        #expect(await world.next() == "b")
        #expect(await world.next() == "c")
    }

    @Test("Left, it ends once, as it was left, and every request with it")
    func left() async throws {
        let world = try await self.open()
        world.send("begin 1")
        world.answers["begin 1"].continuation.yield("a")
        #expect(await world.next() == "a")
        world.act { $0.close(CloseFrame(code: 1000, reason: ""), as: .ours) }
        world.act { $0.abandon(.failure(FreshetError(.interrupted, "again"))) }
        let ends = [await world.next(), await world.next()].compactMap { $0 }
        #expect(ends.sorted() == ["cancelled begin 1", "ended clientClosed false"])
    }

    @Test("Asked whether anybody is there, it ends: new requests find out")
    func probe() async throws {
        let world = try await self.open()
        world.act { $0.probe() }
        #expect(await world.next() == "ended interrupted false")
    }
}
