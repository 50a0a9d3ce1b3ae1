// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
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
        let (process, error) = ProcessSpawn.spawn(
            self.path,
            self.arguments,
            output: file,
            errors: file,
            hasOwnGroup: true
        )
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

    /// Why it runs no more, although the run has not ended it. Said once.
    func failure() -> FreshetError? {
        let (process, status) = self.process.withLock { process -> (pid_t?, Int32) in
            var status: Int32 = 0
            guard let one = process, waitpid(one, &status, WNOHANG) == one else { return (nil, 0) }
            process = nil
            return (one, status)
        }
        guard let process else { return nil }
        Self.running.withLock { _ = $0.remove(process) }
        let how = status & 0x7F == 0 ? "with code \(status >> 8 & 0xFF)" : "by signal \(status & 0x7F)"
        let name = self.path.split(separator: "/").last.map(String.init) ?? self.path
        let text = (try? String(contentsOfFile: self.log, encoding: .utf8)) ?? ""
        let last = text.split(whereSeparator: \.isNewline).last.map { ": \($0.prefix(300))" } ?? ""
        return FreshetError(
            .unreachable,
            "\(name) has ended \(how), and the run had not ended it\(last)",
            hint: "did somebody else end it, or was there no memory left?"
        )
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
