// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
@testable import FreshetTransport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTests {
    /// Lives on a loop.
    private actor Resident {
        nonisolated let loop: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
        private(set) var heard: [Int] = []

        init(_ loop: EventLoop) { self.loop = loop }

        func hear(_ number: Int) { self.heard.append(number) }

        nonisolated func tell(_ number: Int) {
            self.loop.execute { self.assumeIsolated { $0.hear(number) } }
        }

        /// Returns the order in which timers ran.
        func order(of delays: [Duration], cancelling cancelled: Int? = nil) async -> [Int] {
            let ran = Locked<[Int]>([])
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                var ids: [UInt64] = []
                for (index, delay) in delays.enumerated() {
                    ids.append(self.loop.schedule(after: delay) { ran.withLock { $0.append(index) } })
                }
                if let cancelled { self.loop.cancel(timer: ids[cancelled]) }
                let last = delays.max() ?? .zero
                _ = self.loop.schedule(after: last + .milliseconds(1)) { continuation.resume() }
            }
            return ran.withLock { $0 }
        }
    }

    @Test("What is brought to a loop runs there, in order", arguments: EventLoop.Waiting.allCases)
    func order(_ waiting: EventLoop.Waiting) async {
        let resident = Resident(EventLoop(waiting))
        for number in 0..<10_000 { resident.tell(number) }
        #expect(await resident.heard == Array(0..<10_000))
        resident.loop.shutdown()
    }

    @Test(
        "Timers run in the order of their times, and a cancelled one does not run",
        arguments: EventLoop.Waiting.allCases
    )
    func timers(_ waiting: EventLoop.Waiting) async {
        let resident = Resident(EventLoop(waiting))
        let delays: [Duration] = [.milliseconds(30), .zero, .milliseconds(10), .milliseconds(20)]
        #expect(await resident.order(of: delays, cancelling: 3) == [1, 2, 0])
        resident.loop.shutdown()
    }

    @Test("What a timer brings to its loop runs at once", arguments: EventLoop.Waiting.allCases)
    func broughtByTimer(_ waiting: EventLoop.Waiting) async {
        let loop = EventLoop(waiting)
        let began = ContinuousClock.now
        await withCheckedContinuation { continuation in
            loop.execute { _ = loop.schedule(after: .milliseconds(20)) { loop.execute { continuation.resume() } } }
        }
        // libwebsockets waits for 30 s where nothing wakes it, and in libuv for as long as nothing happens.
        #expect(ContinuousClock.now - began < .seconds(10))
        loop.shutdown()
    }

    @Test("Many tasks call an actor of the loop at once, and none is lost", arguments: EventLoop.Waiting.allCases)
    func contention(_ waiting: EventLoop.Waiting) async {
        let resident = Resident(EventLoop(waiting))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<25_000 { resident.tell(task * 25_000 + number) }
                }
            }
        }
        #expect(await resident.heard.count == 100_000)
        resident.loop.shutdown()
    }

    @Test("Actors of a loop that was shut down still run", arguments: EventLoop.Waiting.allCases)
    func shutdown(_ waiting: EventLoop.Waiting) async {
        let resident = Resident(EventLoop(waiting))
        resident.loop.shutdown()
        for number in 0..<1000 { await resident.hear(number) }
        await withTaskGroup(of: Void.self) { group in
            for number in 1000..<2000 { group.addTask { await resident.hear(number) } }
        }
        #expect(await resident.heard.count == 2000)
    }

    @Test(
        "A loop that was shut down may go while its last job's thread still looks for more",
        arguments: EventLoop.Waiting.allCases
    )
    func lastJob(_ waiting: EventLoop.Waiting) async {
        for number in 0..<300 {
            // The task alone has the actor, and the actor alone has the loop. What follows the call may be faster than what ran it.
            await Task {
                let resident = Resident(EventLoop(waiting))
                resident.loop.shutdown()
                while resident.loop.state.withLock({ $0.phase != .stopped }) { await Task.yield() }
                await resident.hear(number)
            }.value
        }
    }

    @Test("Loops come and go", arguments: EventLoop.Waiting.allCases)
    func churn(_ waiting: EventLoop.Waiting) async {
        for number in 0..<50 {
            let resident = Resident(EventLoop(waiting))
            await resident.hear(number)
            resident.loop.shutdown()
            #expect(await resident.heard == [number])
        }
    }

    @Test("A loop in libuv is one where libwebsockets' plug-in is installed")
    func waiting() {
        for waiting in EventLoop.Waiting.allCases {
            let loop = EventLoop(waiting)
            #expect(loop.waiting == waiting)
            loop.shutdown()
        }
    }

    @Test(
        "A task with the loop's executor runs on the loop's thread, from beginning to end",
        arguments: EventLoop.Waiting.allCases
    )
    func taskExecutor(_ waiting: EventLoop.Waiting) async {
        let loop = EventLoop(waiting)
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let task = Task(executorPreference: loop.taskExecutor) {
            var all = loop.isCurrent
            for await _ in stream { all = all && loop.isCurrent }
            return all
        }
        for number in 0..<1000 {
            continuation.yield(number)
            if number % 100 == 0 { await Task.yield() }
        }
        continuation.finish()
        #expect(await task.value)
        loop.shutdown()
    }

    @Test("Who names no loop shares one, and beyond 64 connections another one in libuv")
    func shared() {
        var residences: [EventLoop.Residence] = []
        while EventLoop.shared.waiting == .poll, residences.count < 100 {
            residences.append(EventLoop.Residence(.shared))
        }
        // Other tests may live there too, and leave in between: what can be said is that it is not more than 64.
        #expect(residences.count <= 64)
    }

    @Test("A loop knows how many live on it")
    func residents() {
        let loop = EventLoop(.poll)
        var residences = (0..<3).map { _ in EventLoop.Residence(loop) }
        #expect(loop.residents == 3)
        residences.removeLast(2)
        #expect(loop.residents == 1)
        loop.shutdown()
    }

    @Test("Connections that are refused at once leave nothing behind in a loop", arguments: EventLoop.Waiting.allCases)
    func refusals(_ waiting: EventLoop.Waiting) async throws {
        let closed = try FreePort.next()
        let loop = EventLoop(waiting)
        for _ in 0..<200 {
            await #expect(throws: FreshetError.self) {
                try await WebSocket.connect(to: "ws://127.0.0.1:\(closed)", loop: loop)
            }
        }
        loop.shutdown()  // under AddressSanitizer, what is left of them is a leak
    }
}
