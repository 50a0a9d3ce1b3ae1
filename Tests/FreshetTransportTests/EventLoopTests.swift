// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
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

    @Test("What is brought to a loop runs there, in order")
    func order() async {
        let resident = Resident(EventLoop())
        for number in 0..<10_000 { resident.tell(number) }
        #expect(await resident.heard == Array(0..<10_000))
        resident.loop.shutdown()
    }

    @Test("Timers run in the order of their times, and a cancelled one does not run")
    func timers() async {
        let resident = Resident(EventLoop())
        let delays: [Duration] = [.milliseconds(30), .zero, .milliseconds(10), .milliseconds(20)]
        #expect(await resident.order(of: delays, cancelling: 3) == [1, 2, 0])
        resident.loop.shutdown()
    }

    @Test("Many tasks call an actor of the loop at once, and none is lost")
    func contention() async {
        let resident = Resident(EventLoop())
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

    @Test("Actors of a loop that was shut down still run")
    func shutdown() async {
        let resident = Resident(EventLoop())
        resident.loop.shutdown()
        for number in 0..<1000 { await resident.hear(number) }
        await withTaskGroup(of: Void.self) { group in
            for number in 1000..<2000 { group.addTask { await resident.hear(number) } }
        }
        #expect(await resident.heard.count == 2000)
    }

    @Test("Loops come and go")
    func churn() async {
        for number in 0..<50 {
            let resident = Resident(EventLoop())
            await resident.hear(number)
            resident.loop.shutdown()
            #expect(await resident.heard == [number])
        }
    }
}
