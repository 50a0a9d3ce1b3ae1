// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A clock that stands still until a test moves it.
///
/// ```swift
/// let clock = ManualClock()
/// let waiting = Task { try await clock.sleep(for: .seconds(10)) }
/// await clock.advance(by: .seconds(10))   // waits until somebody sleeps, then wakes whoever is due
/// ```
public final class ManualClock: Clock, Sendable {
    /// A time of this clock: so long after its beginning.
    public struct Instant: InstantProtocol {
        /// Since the clock was made.
        public let sinceStart: Duration

        /// The instant `duration` later.
        public func advanced(by duration: Duration) -> Instant { Instant(sinceStart: self.sinceStart + duration) }
        /// From this instant to `other`.
        public func duration(to other: Instant) -> Duration { other.sinceStart - self.sinceStart }
        /// Earlier is less.
        public static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private struct Sleeper: Sendable {
        let id: UInt64
        let due: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Observer: Sendable {
        let id: UInt64
        let isSatisfied: @Sendable ([Sleeper]) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State: Sendable {
        var now = Instant(sinceStart: .zero)
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var lastID: UInt64 = 0
        var observers: [Observer] = []

        mutating func satisfiedObservers() -> [Observer] {
            let satisfied = self.observers.filter { $0.isSatisfied(self.sleepers) }
            self.observers.removeAll { $0.isSatisfied(self.sleepers) }
            return satisfied
        }
    }

    private let state = Locked(State())

    /// Makes a clock at its beginning.
    public init() {}

    /// The present time.
    public var now: Instant { self.state.withLock { $0.now } }

    /// How many tasks sleep on this clock.
    public var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    /// Nothing: time moves as a test says.
    public var minimumResolution: Duration { .zero }

    /// Suspends until the clock has been moved to `deadline`.
    ///
    /// - Parameters:
    ///   - deadline: until when.
    ///   - tolerance: ignored.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (outcome, observers) = self.state.withLock { state -> (Result<Void, any Error>?, [Observer]) in
                    if state.cancelled.remove(id) != nil { return (.failure(CancellationError()), []) }
                    if deadline <= state.now { return (.success(()), []) }
                    state.sleepers.append(Sleeper(id: id, due: deadline, continuation: continuation))
                    return (nil, state.satisfiedObservers())
                }
                if let outcome { continuation.resume(with: outcome) }
                for observer in observers { observer.continuation.resume() }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns when at least `count` tasks sleep on this clock.
    ///
    /// - Parameter count: how many.
    public func sleepers(_ count: Int = 1) async {
        await self.observe { $0.count >= count }
    }

    /// Returns when somebody sleeps for exactly so long from now.
    ///
    /// - Parameters:
    ///   - duration: how long.
    ///   - count: how many tasks must do so.
    public func sleeper(of duration: Duration, count: Int = 1) async {
        let due = self.now.advanced(by: duration)
        await self.observe { $0.count { $0.due == due } >= count }
    }

    /// A test that is cancelled, as at its time limit, does not wait any longer.
    private func observe(_ isSatisfied: @escaping @Sendable ([Sleeper]) -> Bool) async {
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = self.state.withLock { state in
                    if isSatisfied(state.sleepers) || Task.isCancelled { return true }
                    state.observers.append(Observer(id: id, isSatisfied: isSatisfied, continuation: continuation))
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let observer = self.state.withLock { state -> Observer? in
                guard let index = state.observers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.observers.remove(at: index)
            }
            observer?.continuation.resume()
        }
    }

    /// Waits until somebody sleeps, moves the clock, and wakes whoever is due, the earliest first.
    ///
    /// - Parameter duration: how far.
    public func advance(by duration: Duration) async {
        await self.sleepers()
        self.jump(by: duration)
    }

    /// Waits until somebody sleeps for exactly so long from now, then moves the clock there: for the one timer that a test
    /// means, whoever else sleeps.
    ///
    /// - Parameters:
    ///   - duration: how far.
    ///   - count: how many such timers there must be.
    public func expire(_ duration: Duration, count: Int = 1) async {
        await self.sleeper(of: duration, count: count)
        self.jump(by: duration)
    }

    /// Moves the clock at once, whether or not anybody sleeps, and wakes whoever is due, the earliest first.
    ///
    /// - Parameter duration: how far.
    public func jump(by duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.due <= state.now }
            state.sleepers.removeAll { $0.due <= state.now }
            return due
        }
        for sleeper in due.sorted(by: { $0.due < $1.due }) { sleeper.continuation.resume() }
    }
}
