// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One run of `freshet watch`: consumes, counts, ends; what is watched is its subject's, what it looks like the renderer's.
struct WatchRun {
    let subject: any WatchSubject
    let count: Int?
    let timeout: Duration?
    let onGap: OnGap
    let format: OutputFormat
    let terminal: Terminal

    func run() async -> ExitStatus {
        let status = WatchStatus(self.terminal)
        let interruption = Interruption(timeout: self.timeout)
        // Observed before anything begins, so that no state is missed.
        let states = self.subject.connectionStates
        let outcome = await self.firstOutcome(status, states, interruption)
        await self.subject.close()
        self.terminal.clearStatus()
        return self.finish(outcome, status)
    }

    /// Runs until the first of: the feed's end, the timeout, a signal. All states until then have been told when it returns.
    private func firstOutcome(
        _ status: WatchStatus,
        _ states: AsyncStream<ConnectionState>,
        _ interruption: Interruption
    ) async -> WatchOutcome {
        let requests = Self.requests()
        return await withTaskGroup(of: WatchOutcome?.self) { group in
            group.addTask { await self.consume(status) }
            group.addTask {
                for await cause in interruption.causes { return .interrupted(cause) }
                return nil
            }
            group.addTask {
                // What waits is handed out after a cancellation too.
                for await state in states { status.changed(to: state) }
                return nil
            }
            group.addTask {
                for await signal in requests {
                    guard signal == SIGHUP else {
                        status.tell()
                        continue
                    }
                    // Whoever started it in a terminal and closes that does not want a new connection.
                    if self.terminal.hasHungUp { return .interrupted(.signal(signal)) }
                    self.subject.reconnect()
                }
                return nil
            }
            group.addTask {
                await status.keepFresh()
                return nil
            }
            defer { group.cancelAll() }
            for await outcome in group {
                if let outcome { return outcome }
            }
            return .completed
        }
    }

    /// What may be asked of a watch by signals, beside its end: another connection, and how it stands.
    private static func requests() -> AsyncStream<Int32> {
        #if canImport(Darwin)
        return Signals.stream(SIGHUP, SIGUSR1, SIGINFO)
        #else
        return Signals.stream(SIGHUP, SIGUSR1)
        #endif
    }

    private func consume(_ status: WatchStatus) async -> WatchOutcome {
        let renderer = Renderer(
            format: self.format,
            source: self.subject.source,
            color: self.terminal.color,
            terminal: self.terminal.stdoutIsTerminal
        )
        let output = WatchOutput(
            renderer: renderer,
            terminal: self.terminal,
            status: status,
            count: self.count,
            onGap: self.onGap
        )
        do throws(FreshetError) {
            return try await self.subject.consume(output)
        } catch {
            return .failed(error)
        }
    }

    private func finish(_ outcome: WatchOutcome, _ status: WatchStatus) -> ExitStatus {
        var summary = status.summary
        let exit: ExitStatus
        switch outcome {
        case .counted: (exit, summary.why) = (.satisfied, "count")
        case .completed where self.count != nil:
            (exit, summary.why) = (.endedEarly, "completed")
            self.terminal.note("freshet: the server completed the subscription before --count was reached")
        case .completed: (exit, summary.why) = (.satisfied, "completed")
        case .interrupted(.timeout): (exit, summary.why) = (.timeout, "timeout")
        case .interrupted(.signal(let signal)):
            (exit, summary.why) = (signal == SIGINT ? .interrupted : .terminated, "signal")
        case .outputClosed: (exit, summary.why) = (.brokenPipe, "output-closed")
        case .gap: (exit, summary.why) = (.gap, "gap")
        case .failed(let error):
            (exit, summary.why) = (ExitStatus(error), "error")
            summary.error = error.message
            self.terminal.note(Self.line(for: error))
        }
        summary.code = exit.rawValue
        let renderer = Renderer(format: self.format, source: "", color: false, terminal: false)
        if let record = renderer.end(summary, at: Date()) { _ = self.terminal.record(record) }
        return exit
    }

    /// One line: what was wrong, and what to do.
    static func line(for error: FreshetError) -> String {
        Format.printable("freshet: " + error.message + (error.hint.map { " · hint: \($0)" } ?? ""))
    }
}
