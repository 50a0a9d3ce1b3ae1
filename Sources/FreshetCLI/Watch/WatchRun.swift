// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport
import Logging

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One run of `freshet watch`: consumes, counts, ends; what it looks like is the renderer's.
struct WatchRun {
    let url: String
    let endpoint: Endpoint
    let request: GraphQLRequest
    let configuration: GraphQLClientConfiguration
    let count: Int?
    let timeout: Duration?
    let format: OutputFormat
    let terminal: Terminal

    private enum Outcome: Sendable {
        case completed
        case counted
        case failed(FreshetError)
        case interrupted(Interruption.Cause)
        case outputClosed
    }

    func run() async -> ExitStatus {
        let terminal = self.terminal
        let client = GraphQLClient(
            url: self.url,
            configuration: self.configuration,
            logger: Logger(label: "freshet") { _ in TerminalLogHandler(terminal) }
        )
        let status = WatchStatus(terminal)
        let interruption = Interruption(timeout: self.timeout)
        let outcome = await self.firstOutcome(client, status, interruption)
        await client.close()
        terminal.clearStatus()
        return self.finish(outcome, status)
    }

    /// Runs until the first of: the feed's end, the timeout, a signal.
    private func firstOutcome(
        _ client: GraphQLClient,
        _ status: WatchStatus,
        _ interruption: Interruption
    ) async -> Outcome {
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await self.consume(client, status) }
            group.addTask {
                for await cause in interruption.causes { return .interrupted(cause) }
                return nil
            }
            group.addTask {
                for await state in client.connectionStates { status.changed(to: state) }
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

    private func consume(_ client: GraphQLClient, _ status: WatchStatus) async -> Outcome {
        let renderer = Renderer(
            format: self.format,
            source: self.endpoint.description,
            color: self.terminal.color,
            terminal: self.terminal.stdoutIsTerminal
        )
        do throws(FreshetError) {
            for try await event in client.subscribeToPayloads(self.request) {
                let record: [UInt8]?
                switch event {
                case .snapshot(let payload), .update(let payload):
                    record = renderer.data(payload, at: Date())
                case .gap(let gap):
                    status.gap()
                    record = renderer.gap(gap, at: Date())
                }
                guard !Task.isCancelled else { return .completed }
                if let record, !self.terminal.record(record) { return .outputClosed }
                guard event.value != nil else { continue }
                if status.received() == self.count { return .counted }
            }
            return .completed
        } catch {
            return .failed(error)
        }
    }

    private func finish(_ outcome: Outcome, _ status: WatchStatus) -> ExitStatus {
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
            (exit, summary.why) = (signal == SIGTERM ? .terminated : .interrupted, "signal")
        case .outputClosed: (exit, summary.why) = (.brokenPipe, "output-closed")
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
