// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// The status of a watch on stderr: a line that is redrawn on a terminal, otherwise a line for each transition.
final class WatchStatus: Sendable {
    private struct State: Sendable {
        var summary = SummaryCounts()
        var connection = ConnectionState.idle
        var since = ContinuousClock.now
        var everLive = false
        /// Results a second, and what it was last measured from.
        var rate = 0
        var measured = (count: 0, at: ContinuousClock.now)

        mutating func measure(at now: ContinuousClock.Instant) {
            let seconds = (now - self.measured.at) / .seconds(1)
            guard seconds >= 0.9 else { return }
            self.rate = Int((Double(self.summary.received - self.measured.count) / seconds).rounded())
            self.measured = (self.summary.received, now)
        }

        func line(at now: ContinuousClock.Instant) -> String {
            let elapsed = now - self.since
            let counts =
                "\(self.summary.received) received │ reconn \(self.summary.reconnects) │ gaps \(self.summary.gaps)"
            return switch self.connection {
            case .live: "● live \(Format.duration(elapsed)) │ \(self.rate)/s │ \(counts)"
            case .connecting(let attempt): "◌ connecting, attempt \(attempt) │ \(counts)"
            case .waiting(let delay, let attempt, let error):
                "◌ retry \(attempt) in \(Format.duration(max(delay - elapsed, .zero))) │ \(counts) │ \(Format.printable(error.message))"
            case .polling(let delay, let attempt, let error):
                "◍ polling, retry \(attempt) in \(Format.duration(max(delay - elapsed, .zero))) │ \(counts) │ \(Format.printable(error.message))"
            case .degraded(let resting): "◐ live, \(resting) not subscribed │ \(counts)"
            case .needsCredentials(let error):
                "◌ waiting for credentials │ \(counts) │ \(Format.printable(error.message))"
            case .suspended: "◌ suspended │ \(counts)"
            case .idle, .closing, .failed: "○ closing │ \(counts)"
            }
        }
    }

    private struct SummaryCounts: Sendable {
        var received = 0
        var reconnects = 0
        var gaps = 0
    }

    private let terminal: Terminal
    private let state = Locked(State())

    init(_ terminal: Terminal) {
        self.terminal = terminal
    }

    var summary: WatchSummary {
        let counts = self.state.withLock { $0.summary }
        return WatchSummary(received: counts.received, reconnects: counts.reconnects, gaps: counts.gaps)
    }

    /// Counts results and returns the count.
    @discardableResult
    func received(_ count: Int = 1) -> Int {
        self.state.withLock { state in
            state.summary.received += count
            return state.summary.received
        }
    }

    func gap() {
        self.state.withLock { $0.summary.gaps += 1 }
    }

    func changed(to connection: ConnectionState) {
        self.state.withLock { state in
            state.connection = connection
            state.since = ContinuousClock.now
            if connection == .live {
                if state.everLive { state.summary.reconnects += 1 }
                state.everLive = true
            }
        }
        if self.terminal.stderrIsTerminal {
            self.draw()
        } else if let words = Self.words(connection) {
            self.terminal.note("\(Format.time(Date())) \(words)")
        }
    }

    /// Redraws the line each second, until cancelled.
    func keepFresh() async {
        guard self.terminal.stderrIsTerminal else { return }
        while (try? await Task.sleep(for: .seconds(1))) != nil { self.draw() }
    }

    /// Writes the line for somebody who has asked for it, where it does not stand at the bottom anyway.
    func tell() {
        let line = self.line()
        self.terminal.note(self.terminal.stderrIsTerminal ? line : "\(Format.time(Date())) \(line)")
    }

    private func draw() { self.terminal.status(self.line()) }

    private func line() -> String {
        let now = ContinuousClock.now
        return self.state.withLock { state in
            state.measure(at: now)
            return state.line(at: now)
        }
    }

    private static func words(_ state: ConnectionState) -> String? {
        switch state {
        case .idle, .closing, .suspended, .failed: nil
        case .connecting(let attempt): "state=connecting attempt=\(attempt)"
        case .live: "state=live"
        case .degraded(let resting): "state=degraded subscriptions=\(resting)"
        case .needsCredentials(let error): "state=needs-credentials reason=\(Format.quoted(error.message))"
        case .waiting(let delay, let attempt, let error):
            "state=retrying attempt=\(attempt) in=\(Format.milliseconds(delay))ms reason=\(Format.quoted(error.message))"
        case .polling(let delay, let attempt, let error):
            "state=polling attempt=\(attempt) in=\(Format.milliseconds(delay))ms reason=\(Format.quoted(error.message))"
        }
    }
}
