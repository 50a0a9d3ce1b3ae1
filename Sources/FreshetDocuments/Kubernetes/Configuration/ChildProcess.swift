// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Runs a program and reads what it prints, without Foundation.
enum ChildProcess {
    /// The most that is read, in bytes.
    private static let outputLimit = 1 << 20
    /// How long it may take.
    private static let deadline: Duration = .seconds(60)

    private struct State: Sendable {
        var result: Result<[UInt8], FreshetError>?
        var waiter: CheckedContinuation<Void, Never>?
        /// While it runs, and may be killed.
        var process: pid_t?
        var isKilled = false
    }

    /// Its standard output. Nothing comes from its standard input; what it writes to standard error is seen by the user, as with
    /// kubectl. It is killed after a minute, and when the task is cancelled.
    static func output(of command: ExecCommand) async throws(FreshetError) -> [UInt8] {
        let state = Locked(State())
        let deadline = Task {
            guard (try? await Task.sleep(for: Self.deadline)) != nil else { return }
            Self.kill(state)
        }
        defer { deadline.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiter = continuation }
                FreshetTransport.Thread.start {
                    let result = Self.run(command, state)
                    let waiter = state.withLock { state in
                        state.result = result
                        return state.waiter.take()
                    }
                    waiter?.resume()
                }
            }
        } onCancel: {
            Self.kill(state)
        }
        guard let result = state.withLock({ $0.result }) else {
            throw FreshetError(.credentials, "\(command.path) ended without a result")
        }
        return try result.get()
    }

    // Under the lock: as long as `process` is there it has not been waited for, so that its number is nobody else's.
    private static func kill(_ state: Locked<State>) {
        state.withLock { state in
            state.isKilled = true
            guard let process = state.process else { return }
            #if canImport(Darwin)
            _ = Darwin.kill(process, SIGKILL)
            #else
            _ = Glibc.kill(process, SIGKILL)
            #endif
        }
    }

    private static func run(_ command: ExecCommand, _ state: Locked<State>) -> Result<[UInt8], FreshetError> {
        var pipe: [Int32] = [-1, -1]
        guard makePipe(&pipe) else { return .failure(Self.failure(command, errno)) }
        defer { close(pipe[0]) }
        let (process, error) = ProcessSpawn.spawn(command.path, command.arguments, command.environment, output: pipe[1])
        close(pipe[1])
        guard error == 0 else { return .failure(Self.failure(command, error)) }
        let isKilled = state.withLock { state in
            state.process = process
            return state.isKilled
        }
        if isKilled { Self.kill(state) }
        var output: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while output.count <= Self.outputLimit {
            let size = read(pipe[0], &part, part.count)
            if size < 0, errno == EINTR { continue }
            guard size > 0 else { break }
            output += part.prefix(size)
        }
        if output.count > Self.outputLimit { Self.kill(state) }
        // Ends before it is waited for, and no signal can meet another process.
        var info = siginfo_t()
        while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { $0.process = nil }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? Int(status >> 8 & 0xFF) : -1
        guard code == 0 else {
            return .failure(
                FreshetError(
                    .credentials,
                    code < 0 ? "\(command.path) was killed" : "\(command.path) failed with status \(code)",
                    hint: command.installHint ?? "run it by hand to see what it says"
                )
            )
        }
        return .success(output)
    }

    private static func failure(_ command: ExecCommand, _ number: Int32) -> FreshetError {
        FreshetError(
            .credentials,
            "\(command.path) cannot be run: \(String(cString: strerror(number)))",
            hint: command.installHint ?? "is it installed, and in PATH?"
        )
    }

    private static func makePipe(_ ends: inout [Int32]) -> Bool {
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return true
    }
}
