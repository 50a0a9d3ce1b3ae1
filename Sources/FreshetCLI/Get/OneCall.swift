// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A call that is made once, as of `get` and `put`: until it is answered, the time is up, or a signal comes.
struct OneCall {
    let timeout: Duration?
    let terminal: Terminal

    private enum Outcome: Sendable {
        case status(ExitStatus)
        case failed(FreshetError)
        case interrupted(Interruption.Cause)
    }

    /// - Parameters:
    ///   - explaining: puts an error into other words, where there are better ones.
    ///   - call: makes the call, and prints its answer.
    /// - Returns: how the program ends.
    func run(
        explaining: (FreshetError) -> FreshetError = { $0 },
        _ call: @escaping @Sendable () async throws(FreshetError) -> ExitStatus
    ) async -> ExitStatus {
        let interruption = Interruption(timeout: self.timeout)
        let outcome = await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                do throws(FreshetError) {
                    return .status(try await call())
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                for await cause in interruption.causes { return .interrupted(cause) }
                return nil
            }
            group.addTask {
                await self.terminal.showWaiting()
                return nil
            }
            defer { group.cancelAll() }
            for await outcome in group {
                if let outcome { return outcome }
            }
            return Outcome.status(.satisfied)
        }
        self.terminal.clearStatus()
        switch outcome {
        case .status(let status): return status
        case .interrupted(.timeout): return .timeout
        case .interrupted(.signal(let signal)): return signal == SIGTERM ? .terminated : .interrupted
        case .failed(let error):
            self.terminal.note(WatchRun.line(for: explaining(error)))
            return ExitStatus(error)
        }
    }
}
