// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetDocuments
import FreshetTransport

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A server that the run has started, and ends. What it prints goes into a file.
final class ServerProcess: Sendable {
    private let path: String
    private let arguments: [String]
    private let log: String
    private let process = Locked<pid_t?>(nil)
    /// All that run, for when there is no time for a proper end.
    private static let running = Locked<Set<pid_t>>([])

    /// - Throws: `.unreachable` when it cannot be started.
    init(_ path: String, _ arguments: [String], log: String) throws(FreshetError) {
        self.path = path
        self.arguments = arguments
        self.log = log
        try self.start()
    }

    deinit { self.kill() }

    func start() throws(FreshetError) {
        let file = open(self.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(file) }
        let (process, error) = ProcessSpawn.spawn(self.path, self.arguments, output: file, errors: file)
        guard error == 0 else {
            throw FreshetError(
                .unreachable,
                "\(self.path) cannot be run: \(String(cString: strerror(error)))",
                hint: "is it installed, and in PATH?"
            )
        }
        self.process.withLock { $0 = process }
        Self.running.withLock { _ = $0.insert(process) }
    }

    private static func end(_ process: pid_t) {
        #if canImport(Darwin)
        _ = Darwin.kill(process, SIGKILL)
        #else
        _ = Glibc.kill(process, SIGKILL)
        #endif
    }

    /// Ends all that run.
    static func killAll() {
        for process in self.running.withLock({ $0 }) { self.end(process) }
    }

    /// Ends it at once, as a crash would.
    func kill() {
        guard let process = self.process.withLock({ $0.take() }) else { return }
        Self.running.withLock { _ = $0.remove(process) }
        // Not waited for yet, so the number is nobody else's.
        Self.end(process)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
}
