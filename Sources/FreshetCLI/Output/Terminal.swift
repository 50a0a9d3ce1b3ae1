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
    /// The status line that stands there now. Stdout has a lock of its own, so that a reader who does not read holds up
    /// nothing else.
    private let statusLine = Locked<String?>(nil)
    private let outputIsOpen = Locked(true)

    /// no-color.org, and terminals that cannot.
    var color: Bool {
        let environment = ProcessInfo.processInfo.environment
        return self.stdoutIsTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

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

    /// After two seconds somebody wants to know that it goes on. Until cancelled.
    func showWaiting() async {
        guard self.stderrIsTerminal else { return }
        let begin = ContinuousClock.now
        guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
        repeat {
            self.status("◌ waiting for the answer │ \(Format.duration(ContinuousClock.now - begin))")
        } while (try? await Task.sleep(for: .seconds(1))) != nil
    }

    /// Writes a line of its own to stderr.
    func note(_ text: String) {
        self.statusLine.withLock { status in
            let line = status.map { "\r\u{1B}[K\(text)\n\($0)" } ?? "\(text)\n"
            _ = Self.writeAll(line.utf8, to: 2)
        }
    }

    /// Takes the status line away.
    func clearStatus() {
        self.statusLine.withLock { status in
            if status.take() != nil { _ = Self.writeAll("\r\u{1B}[K".utf8, to: 2) }
        }
    }

    private func redraw(hidden: Bool) {
        self.statusLine.withLock { status in
            if let status { _ = Self.writeAll((hidden ? "\r\u{1B}[K" : status).utf8, to: 2) }
        }
    }

    private static var columns: Int {
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
