// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

// Proof for @unchecked: `state` is behind its lock, and so is every change of `handle`; `waiting` is set before anybody else has
// the loop; the other variables are touched on the loop's thread only.

/// One libwebsockets context on one plain thread, and the executor of the actors that live on it (design D2).
///
/// What C calls, and what these actors run, runs on this thread: from the socket to a subscription's buffer there is no
/// hop. A loop lives until ``shutdown()``.
@safe
public final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// How a loop waits for its sockets.
    public enum Waiting: Sendable, CaseIterable {
        /// By `poll()`: what a message costs grows with the number of connections on the loop. For some 200 at most.
        case poll
        /// In libuv, which uses epoll or kqueue: any number of connections. It takes libwebsockets' plug-in for it (Debian:
        /// libwebsockets-evlib-uv); where that is not installed, the loop waits by `poll()`.
        case libuv
    }

    /// How this loop waits. Not changed after it was made.
    public private(set) var waiting = Waiting.poll

    enum Work: Sendable {
        case job(UnownedJob)
        case task(UnownedJob, LoopTaskExecutor)
        case call(@Sendable () -> Void)
    }

    struct State: Sendable {
        var work: [Work] = []
        /// An empty array with room, for the next work.
        var spare: [Work] = []
        /// Whether somebody will look at `work` without being woken.
        var awake = false
        var phase = Phase.running
        var residents = 0
        var thread: UInt = 0
    }

    enum Phase: Sendable {
        case running
        /// The context is gone; the thread runs what is left.
        case stopping
        /// The thread has gone: whoever brings work runs it.
        case stopped
    }

    let state = Locked(State())
    /// Loop thread only. Cleared before the context is destroyed.
    private(set) var handle: OpaquePointer?
    /// Loop thread only.
    private var stopRequested = false
    /// Loop thread only: whether this turn may still come to wait. Timers run before it does, those of libwebsockets as well (A 1).
    var mayWait = false
    /// Loop thread only.
    var timers = TimerQueue()
    /// For reads and large messages.
    let memory: MemoryPool
    /// Loop thread only: where the next read of most sockets goes.
    var readBuffer: ReadBuffer
    /// Loop thread only: what C may ask for until the context is gone.
    private var kept: [AnyObject] = []
    /// Loop thread only.
    var tls: [TLSConfiguration: OpaquePointer] = unsafe [:]
    /// Loop thread only.
    var hosts: [HostKey: OpaquePointer] = unsafe [:]
    /// Loop thread only: what to call when the machine wakes up from sleep.
    var wakers: [ObjectIdentifier: () -> Void] = [:]
    /// Loop thread only: those that wait for the end of the turn. While there are any, the next turn does not wait for events.
    var held: [any TurnObserver] = []
    /// Loop thread only.
    var sleepDetector = SleepDetector()

    /// Starts a loop.
    ///
    /// - Parameter waiting: how it waits for its sockets.
    /// - Precondition: the process can have another thread and about 1 MB of memory.
    public init(_ waiting: Waiting = .libuv) {
        self.memory = MemoryPool(limit: 8 << 20)
        self.readBuffer = ReadBuffer(.small, from: self.memory)
        let handlers = unsafe freshet_loop_handlers(
            woken: { unsafe EventLoop.from($0).drain() },
            timer: { unsafe EventLoop.from($0).timerFired() }
        )
        // The loop keeps itself alive until its thread ends, which releases it.
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()
        guard let handle = unsafe freshet_loop_create(handlers, retained, waiting == .libuv) else {
            preconditionFailure("no memory or file descriptors for an event loop")
        }
        unsafe self.waiting = freshet_loop_scales(handle) ? .libuv : .poll
        unsafe self.handle = handle
        self.memory.whenKeeping { [weak self] in self?.execute { [weak self] in self?.trimMemory() } }
        Thread.start { [self] in self.run() }
    }

    private static func from(_ context: UnsafeMutableRawPointer) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: - Being an executor

    /// Puts a job into the loop's queue. From any thread.
    ///
    /// - Parameter job: what to run.
    public func enqueue(_ job: consuming ExecutorJob) {
        self.add(.job(UnownedJob(job)))
    }

    /// Traps unless called on the loop's thread; this is how actors check that C called them there.
    public func checkIsolated() {
        precondition(self.isCurrent, "this must run on the event loop's thread")
    }

    /// Runs a closure on the loop, in order with everything else that is brought to it. From any thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        self.add(.call(body))
    }

    package var isCurrent: Bool {
        self.state.withLock { $0.thread } == Thread.current
    }

    func add(_ work: Work) {
        let mustRun = self.state.withLock { state in
            state.work.append(work)
            guard !state.awake else { return false }
            state.awake = true
            if state.phase == .stopped {
                state.thread = Thread.current
                return true
            }
            // The loop's own thread looks after each turn, and need not be woken where it does not wait before that.
            guard state.thread != Thread.current || self.mayWait else { return false }
            // Under the lock, so that it cannot meet the context's end: the one call allowed from other threads.
            if let handle = unsafe self.handle { unsafe freshet_loop_wake(handle) }
            return false
        }
        guard mustRun else { return }
        // What runs here may let go of the last that holds the loop: an actor's executor is not held by its jobs.
        let kept = unsafe Unmanaged.passRetained(self)
        self.drain()
        unsafe kept.release()
    }

    /// Runs what was brought, until there is nothing; from then on whoever brings something wakes the loop.
    private func drain() {
        var batch: [Work] = []
        while true {
            self.state.withLock { state in
                // The arrays change places, so that they need not be allocated each time.
                if state.spare.capacity > 0 { swap(&batch, &state.spare) }
                swap(&batch, &state.work)
                state.awake = !batch.isEmpty
                if batch.isEmpty, state.phase == .stopping { state.phase = .stopped }
                if batch.isEmpty, state.phase == .stopped { state.thread = 0 }
                if batch.isEmpty { swap(&batch, &state.spare) }
            }
            if batch.isEmpty { break }
            for work in batch {
                switch work {
                case .job(let job): unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
                case .task(let job, let executor): unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor())
                case .call(let call): call()
                }
            }
            batch.removeAll(keepingCapacity: batch.count <= 1024)
        }
    }

    // MARK: - The thread

    private func run() {
        self.state.withLock { $0.thread = Thread.current }
        guard let handle = unsafe self.handle else { return }
        while !self.stopRequested {
            self.mayWait = true
            unsafe freshet_loop_turn(handle, self.held.isEmpty)
            self.mayWait = false
            if !self.held.isEmpty { self.held.removeAll { !$0.turnEnded() } }
            // Last, since nobody wakes the loop for what its own thread has brought meanwhile.
            self.drain()
        }
        self.held = []
        self.state.withLock { state in
            state.awake = true  // what is brought from here on is run by the last drain below
            unsafe self.handle = nil
        }
        unsafe freshet_loop_destroy(handle)
        self.timers.removeAll()
        self.wakers = [:]
        self.kept = []
        self.readBuffer.release()
        self.state.withLock { $0.phase = .stopping }
        self.drain()
        unsafe Unmanaged.passUnretained(self).release()
    }

    /// Keeps an object that C has a pointer to, for as long as C may use it. On the loop's thread only.
    func keep(_ object: AnyObject) {
        self.kept.append(object)
    }

    /// Closes every socket of the loop and ends its thread, soon. Feeds that still use it end with an error.
    ///
    /// Actors of a loop that was shut down still run, on whatever thread calls them.
    public func shutdown() {
        self.execute { self.stopRequested = true }
    }
}
