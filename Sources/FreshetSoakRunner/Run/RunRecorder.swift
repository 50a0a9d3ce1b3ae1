// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetSoak
import FreshetTransport

/// Takes down what happens in a run, in the order in which it is told: judges it, and writes it into the history.
///
/// Whoever tells something only puts it into a list. A thread of the recorder's own does the rest, so that neither a
/// consumer nor the proxy waits for a disk.
// Proof for @unchecked: `judge`, `writer` and `failure` are touched by `work` alone, and `work` only within `working`.
package final class RunRecorder: @unchecked Sendable {
    private let began: ContinuousClock.Instant
    private let waiting = Locked<[HistoryLine]>([])
    private let working = Locked(())
    private var judge: HistoryJudge
    private var writer: HistoryWriter?
    private var failure: FreshetError?

    /// - Parameters:
    ///   - history: the file to write; nil: none is written.
    ///   - began: when the run began.
    /// - Throws: `.invalidInput` when the file cannot be made.
    package init(history: String?, began: ContinuousClock.Instant = .now) throws(FreshetError) {
        self.began = began
        self.judge = HistoryJudge()
        self.writer = if let history { try HistoryWriter(path: history) } else { nil }
    }

    /// Takes it down as of now.
    package func record(_ event: HistoryEvent) {
        self.waiting.withLock { waiting in
            waiting.append(HistoryLine(us: self.us(of: .now), event))
        }
    }

    /// Takes several down as of now, with nothing between them.
    package func record(_ events: [HistoryEvent]) {
        self.waiting.withLock { waiting in
            let us = self.us(of: .now)
            waiting += events.map { HistoryLine(us: us, $0) }
        }
    }

    /// Takes down what happened a moment ago.
    package func record(_ event: HistoryEvent, at instant: ContinuousClock.Instant) {
        self.waiting.withLock { $0.append(HistoryLine(us: max(0, self.us(of: instant)), event)) }
    }

    package func us(of instant: ContinuousClock.Instant) -> Int {
        let (seconds, attoseconds) = (instant - self.began).components
        return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
    }

    /// Judges and writes what waits, and says how it stands.
    ///
    /// - Throws: when the history cannot be written.
    @discardableResult
    package func work() throws(FreshetError) -> Standing {
        try self.working.withLock { _ throws(FreshetError) in
            let lines = self.waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            for line in lines {
                self.judge.take(line)
                do throws(FreshetError) {
                    try self.writer?.append(line)
                } catch {
                    self.failure = self.failure ?? error
                }
            }
            if let failure = self.failure { throw failure }
            return Standing(self.judge)
        }
    }

    /// The history is over: nothing may be told any more.
    package func report(_ requirements: [Requirement]) throws(FreshetError) -> SoakReport {
        try self.work()
        return try self.working.withLock { _ throws(FreshetError) in
            try self.writer?.flush()
            return self.judge.report(requirements)
        }
    }
}
