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
        var receivedAtLastDraw = 0
        var lastDraw = ContinuousClock.now
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

    /// Counts a result and returns the count.
    func received() -> Int {
        self.state.withLock { state in
            state.summary.received += 1
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

    private func draw() {
        let now = ContinuousClock.now
        let line = self.state.withLock { state in
            let rate =
                Double(state.summary.received - state.receivedAtLastDraw)
                / max((now - state.lastDraw) / .seconds(1), 0.001)
            if now - state.lastDraw >= .milliseconds(900) {
                state.receivedAtLastDraw = state.summary.received
                state.lastDraw = now
            }
            let counts =
                "\(state.summary.received) received │ reconn \(state.summary.reconnects) │ gaps \(state.summary.gaps)"
            switch state.connection {
            case .live: return "● live \(Format.duration(now - state.since)) │ \(Int(rate))/s │ \(counts)"
            case .connecting(let attempt): return "◌ connecting, attempt \(attempt) │ \(counts)"
            case .waiting(let delay, let attempt, let error):
                let left = max(delay - (now - state.since), .zero)
                return "◌ retry \(attempt) in \(Format.duration(left)) · \(error.message) │ \(counts)"
            case .idle, .closing: return "○ closing │ \(counts)"
            }
        }
        self.terminal.status(line)
    }

    private static func words(_ state: ConnectionState) -> String? {
        switch state {
        case .idle, .closing: nil
        case .connecting(let attempt): "state=connecting attempt=\(attempt)"
        case .live: "state=live"
        case .waiting(let delay, let attempt, let error):
            "state=retrying attempt=\(attempt) in=\(Format.milliseconds(delay))ms reason=\(Format.quoted(error.message))"
        }
    }
}
