// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Data on stdout, status on stderr. Where stderr is a terminal the status is one line at the bottom that is redrawn.
final class Terminal: Sendable {
    let stdoutIsTerminal = isatty(1) == 1
    let stderrIsTerminal = isatty(2) == 1
    private let terminals = (Int32(0)...2).filter { isatty($0) == 1 }
    /// The status line that stands there now. Stdout has a lock of its own, so that a reader who does not read holds up
    /// nothing else.
    private let statusLine = Locked<String?>(nil)
    private let outputIsOpen = Locked(true)

    /// no-color.org, and terminals that cannot.
    var color: Bool {
        let environment = ProcessInfo.processInfo.environment
        return self.stdoutIsTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Whether it was started in a terminal that is gone.
    var hasHungUp: Bool { self.terminals.contains { isatty($0) != 1 } }

    /// Writes a record at once; false when nobody reads stdout any more.
    func record(_ record: [UInt8]) -> Bool {
        self.outputIsOpen.withLock { isOpen in
            guard isOpen else { return false }
            if self.stdoutIsTerminal { self.redraw(hidden: true) }
            isOpen = Self.writeAll(record, to: 1)
            if self.stdoutIsTerminal { self.redraw(hidden: false) }
            return isOpen
        }
    }

    /// Replaces the status line, cut to the terminal's width: a line that wraps cannot be taken back. Only for a terminal.
    func status(_ line: String) {
        let columns = Self.columns
        let text = line.count < columns ? line : line.prefix(columns - 2) + "…"
        self.statusLine.withLock { status in
            status = text
            _ = Self.writeAll(("\r\u{1B}[K" + text).utf8, to: 2)
        }
    }

    /// Replaces the status by several lines. Only for a terminal; none may be wider than it.
    func block(_ lines: [String]) {
        self.statusLine.withLock { status in
            let text = lines.joined(separator: "\n\u{1B}[K")
            _ = Self.writeAll((Self.erasing(status) + text).utf8, to: 2)
            status = text
        }
    }

    /// What takes a status away: of several lines, from the last one up.
    private static func erasing(_ status: String?) -> String {
        let ups = status?.count { $0 == "\n" } ?? 0
        return "\r\u{1B}[K" + String(repeating: "\u{1B}[1A\u{1B}[K", count: ups)
    }

    /// After two seconds somebody wants to know that it goes on. Until cancelled.
    func showWaiting(_ what: String = "waiting for the answer") async {
        guard self.stderrIsTerminal else { return }
        let begin = ContinuousClock.now
        guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
        repeat {
            self.status("◌ \(what) │ \(Format.duration(ContinuousClock.now - begin))")
        } while (try? await Task.sleep(for: .seconds(1))) != nil
    }

    /// Writes a line of its own to stderr.
    func note(_ text: String) {
        self.statusLine.withLock { status in
            let line = status.map { "\(Self.erasing($0))\(text)\n\($0)" } ?? "\(text)\n"
            _ = Self.writeAll(line.utf8, to: 2)
        }
    }

    /// Takes the status line away.
    func clearStatus() {
        self.statusLine.withLock { status in
            if let old = status.take() { _ = Self.writeAll(Self.erasing(old).utf8, to: 2) }
        }
    }

    private func redraw(hidden: Bool) {
        self.statusLine.withLock { status in
            if let status { _ = Self.writeAll((hidden ? Self.erasing(status) : status).utf8, to: 2) }
        }
    }

    static var columns: Int {
        var size = winsize()
        let known = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 10
        return known ? Int(size.ws_col) : 80
    }

    private static func writeAll(_ bytes: some Collection<UInt8>, to descriptor: Int32) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
