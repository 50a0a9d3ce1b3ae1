// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetTransport
import Testing

/// A program that a test has started: its output line by line, and its end. Killed when the test lets go of it.
final class Program: Sendable {
    /// What a program left behind.
    struct Result {
        let status: Int32
        let output: [String]
        let errors: [String]
    }

    private struct Output: Sendable {
        var lines: [String] = []
        var ended = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let process: Process
    private let outputPipe: Pipe
    private let output = Locked(Output())
    private let errors = Locked(Output())
    private let exited = Locked(Output())

    /// Starts a program; without `readsOutput` its stdout is a pipe that nobody reads.
    init(_ path: String, _ arguments: [String], readsOutput: Bool = true) throws {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let (outputPipe, errorPipe) = (Pipe(), Pipe())
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        self.process = process
        let exited = self.exited
        process.terminationHandler = { _ in Self.end(exited) }
        try process.run()
        self.outputPipe = outputPipe
        if readsOutput { Self.read(outputPipe.fileHandleForReading, into: self.output) }
        Self.read(errorPipe.fileHandleForReading, into: self.errors)
    }

    deinit {
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
    }

    /// The processes that it has started, by what /proc says of all.
    func children(named name: String) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
            // 123 (name) S parent …
            let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
            return stat.contains("(\(name)) ")
                && stat.split(separator: " ").dropFirst(3).first == "\(self.process.processIdentifier)"
        }
    }

    func signal(_ number: Int32) {
        kill(self.process.processIdentifier, number)
    }

    /// Ends it at once, as a crash would. Not by SIGTERM: children of a thread of Dispatch's may have that blocked.
    func stop() {
        self.signal(SIGKILL)
    }

    /// The first line of stdout, from `start` on, that `matches`; nil when the program ended without one.
    func line(after start: Int = 0, where matches: (String) -> Bool) async -> (index: Int, text: String)? {
        await Self.line(self.output, start, matches)
    }

    /// The same of stderr.
    func errorLine(where matches: (String) -> Bool) async -> String? {
        await Self.line(self.errors, 0, matches)?.text
    }

    /// Waits for the end of the program alone.
    func exitStatus() async -> Int32 {
        while !self.exited.withLock({ $0.ended }) { await Self.change(self.exited) { $0.ended } }
        return self.process.terminationStatus
    }

    /// Waits for the end.
    func result() async -> Result {
        for part in [self.exited, self.output, self.errors] {
            while !part.withLock({ $0.ended }) { await Self.change(part) { $0.ended } }
        }
        return Result(
            status: self.process.terminationStatus,
            output: self.output.withLock { $0.lines },
            errors: self.errors.withLock { $0.lines }
        )
    }

    // MARK: -

    private static func line(
        _ output: Locked<Output>,
        _ start: Int,
        _ matches: (String) -> Bool
    ) async -> (index: Int, text: String)? {
        var seen = start
        while true {
            let (lines, ended) = output.withLock { ($0.lines, $0.ended) }
            if let index = lines.indices.dropFirst(seen).first(where: { matches(lines[$0]) }) {
                return (index, lines[index])
            }
            if ended { return nil }
            seen = max(seen, lines.count)
            let count = seen
            await self.change(output) { $0.lines.count > count || $0.ended }
        }
    }

    private static func change(_ output: Locked<Output>, _ ready: @Sendable (Output) -> Bool) async {
        await withCheckedContinuation { continuation in
            let now = output.withLock { output in
                if ready(output) { return true }
                output.waiters.append(continuation)
                return false
            }
            if now { continuation.resume() }
        }
    }

    private static func end(_ output: Locked<Output>) {
        let waiters = output.withLock { output in
            output.ended = true
            defer { output.waiters = [] }
            return output.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Reads on a thread of its own: pipes have no other way to be waited for.
    private static func read(_ handle: FileHandle, into output: Locked<Output>) {
        FreshetTransport.Thread.start {
            var partial = ""
            while true {
                let data = handle.availableData
                if data.isEmpty { break }
                partial += String(decoding: data, as: UTF8.self)
                var lines = partial.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                partial = lines.removeLast()
                let complete = lines
                let waiters = output.withLock { output in
                    output.lines += complete
                    defer { output.waiters = [] }
                    return output.waiters
                }
                for waiter in waiters { waiter.resume() }
            }
            let rest = partial
            if !rest.isEmpty { output.withLock { $0.lines.append(rest) } }
            Self.end(output)
        }
    }
}

extension Program {
    /// Runs the built command line.
    static func freshet(_ arguments: String...) throws -> Program {
        try self.freshet(arguments)
    }

    static func freshet(_ arguments: [String]) throws -> Program {
        try Program(self.freshetPath, arguments)
    }

    /// A watch whose stdout nobody reads.
    static func blocked(_ arguments: [String]) throws -> Program {
        try Program(self.freshetPath, ["watch"] + arguments, readsOutput: false)
    }

    /// Beside the tests, or where FRESHET_BINARY says.
    static var freshetPath: String {
        let beside = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return ProcessInfo.processInfo.environment["FRESHET_BINARY"] ?? beside.appending(path: "freshet").path
    }

    /// A real GraphQL server, and its URL. Needs the Python that `make test` prepares.
    static func graphQLServer(_ name: String, port: Int = 0) async throws -> (server: Program, url: String) {
        let python = try #require(
            ProcessInfo.processInfo.environment["FRESHET_PYTHON"],
            "FRESHET_PYTHON is not set, so nothing was tested against \(name): run `make test`, or scripts/python-env.sh"
        )
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Servers/serve.py").path
        let server = try Program(python, [script, name, "--port", "\(port)"])
        let line = try #require(await server.line { $0.hasPrefix("listening ") }, "\(name) did not start")
        return (server, "graphql+ws://\(line.text.dropFirst("listening ".count))/graphql")
    }
}
