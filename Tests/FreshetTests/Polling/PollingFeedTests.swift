// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

/// Feeds that only poll, in virtual time.
@Suite(.timeLimit(.minutes(1)))
struct PollingFeedTests {
    private typealias Answer = Result<Snapshot<Int>, FreshetError>

    /// A snapshot function that is answered by the test.
    private final class Server: Sendable {
        let clock = ManualClock()
        private let asked: AsyncStream<String?>
        private let ask: AsyncStream<String?>.Continuation
        private let answers: AsyncStream<Answer>
        private let answer: AsyncStream<Answer>.Continuation
        private let count = Locked(0)

        /// How often it was asked.
        var questions: Int { self.count.withLock { $0 } }

        init() {
            (self.asked, self.ask) = AsyncStream.makeStream()
            (self.answers, self.answer) = AsyncStream.makeStream()
        }

        func feed(delivery: DeliveryPolicy = .suspending) -> Feed<FeedEvent<Int>> {
            .polling(PollPace(), delivery: delivery, time: TimeSource(self.clock, jitter: { 0.5 })) { validator in
                self.count.withLock { $0 += 1 }
                self.ask.yield(validator)
                var answers = self.answers.makeAsyncIterator()
                guard let answer = await answers.next() else { throw CancellationError() }
                return try answer.get()
            }
        }

        /// The next question's validator.
        func question() async -> String?? {
            var asked = self.asked.makeAsyncIterator()
            return await asked.next()
        }

        func answers(_ answer: Snapshot<Int>) { self.answer.yield(.success(answer)) }
        func fails(_ kind: FreshetError.Kind) { self.answer.yield(.failure(FreshetError(kind, "no"))) }
    }

    @Test("Snapshots that differ, marked as polled, with the validator of the last one")
    func rounds() async throws {
        let server = Server()
        var iterator = server.feed().positioned.makeAsyncIterator()
        server.answers(.value(1, validator: "a"))
        let first = try await iterator.next()
        #expect(first?.element == .snapshot(1))
        #expect(first?.source == .rest)
        #expect(first?.position == nil)
        #expect(await server.question() == .some(nil))
        for answer in [Snapshot<Int>.unchanged, .value(1, validator: "b"), .value(2)] {
            await server.clock.expire(.seconds(5))
            #expect(await server.question() == "a")
            server.answers(answer)
        }
        #expect(try await iterator.next()?.element == .snapshot(2))
    }

    @Test("A failure that may pass is tried again, later and later; one that may not is the end")
    func failures() async throws {
        let server = Server()
        var iterator = server.feed().makeAsyncIterator()
        server.answers(.value(1))
        _ = try await iterator.next()
        _ = await server.question()
        await server.clock.expire(.seconds(5))
        for wait in [5_125, 5_250, 5_500] {
            _ = await server.question()
            server.fails(.unreachable)
            await server.clock.expire(.milliseconds(wait))
        }
        server.fails(.unauthorized)
        let error = await #expect(throws: FreshetError.self) { try await iterator.next() }
        #expect(error?.kind == .unauthorized)
        #expect(try await iterator.next() == nil)
        #expect(server.clock.sleeperCount == 0)
    }

    @Test("No answer within 10 s is a failure, and a late one does not count")
    func deadline() async throws {
        let (clock, calls) = (ManualClock(), Locked(0))
        let feed = Feed<FeedEvent<Int>>.polling(PollPace(), time: TimeSource(clock, jitter: { 0.5 })) { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call == 1 { try? await clock.sleep(for: .seconds(3_600)) }
            return .value(call)
        }
        let first = Task {
            for try await event in feed { return event.value }
            return nil
        }
        await clock.sleepers(2)
        await clock.expire(.seconds(10))
        await clock.expire(.milliseconds(5_125))
        #expect(try await first.value == 2)
    }

    @Test("Leaving ends the question, the timer and the run", arguments: [false, true])
    func leave(isWaiting: Bool) async throws {
        let server = Server()
        let feed = server.feed()
        let task = Task {
            for try await _ in feed {}
        }
        _ = await server.question()
        if isWaiting {
            server.answers(.value(1))
            await server.clock.sleeper(of: .seconds(5))
        } else {
            await server.clock.sleeper(of: .seconds(10))
        }
        task.cancel()
        _ = await task.result
        while server.clock.sleeperCount > 0 { await Task.yield() }
    }

    @Test("A consumer that does not take what it has is not asked for more")
    func slow() async throws {
        let server = Server()
        let feed = server.feed(delivery: DeliveryPolicy(.suspending, elements: 1))
        var iterator = feed.makeAsyncIterator()
        server.answers(.value(1))
        #expect(try await iterator.next() == .snapshot(1))
        await server.clock.expire(.seconds(5))
        server.answers(.value(2))
        // 2 waits for its consumer: the rounds pass without a question.
        for _ in 1...3 { await server.clock.expire(.seconds(5)) }
        #expect(server.questions == 2)
        #expect(try await iterator.next() == .snapshot(2))
        server.answers(.value(3))
        // That there is room again is told a little later.
        while server.questions < 3, !Task.isCancelled { await server.clock.expire(.seconds(5)) }
        #expect(try await iterator.next() == .snapshot(3))
    }

    @Test("An error of the function's own is not quoted")
    func ownError() async {
        struct LeakyError: Error, CustomStringConvertible { let description = "token=secret" }
        let feed = Feed<FeedEvent<Int>>.polling(PollPace(), time: TimeSource(ManualClock())) { _ in throw LeakyError() }
        var iterator = feed.makeAsyncIterator()
        let error = await #expect(throws: FreshetError.self) { try await iterator.next() }
        #expect(error?.message == "the snapshot function failed with LeakyError")
    }
}
