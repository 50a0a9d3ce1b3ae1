// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import Testing

/// `Servers/faults.py`: a server that misbehaves on purpose, plain or over TLS. It is to be stopped.
final class FaultServer: Sendable {
    /// Foundation takes a process's objects apart some time after its end; the leak checker would find them in between.
    private static let kept = Locked<[Program]>([])

    private let program: Program
    /// Where it behaves how.
    let urls: [String: String]

    /// Starts it; `identity` makes it speak TLS, `arguments` are further options of the script.
    init(_ behaviours: [String], identity: (certificate: String, key: String)? = nil, _ arguments: [String] = [])
        async throws
    {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Servers/faults.py").path
        let tls = identity.map { ["--certificate", $0.certificate, "--key", $0.key] } ?? []
        // It needs no package, so any Python will do.
        let python = ProcessInfo.processInfo.environment["FRESHET_PYTHON"] ?? "python3"
        self.program = try Program("/usr/bin/env", [python, script] + tls + arguments + behaviours)
        let program = self.program
        Self.kept.withLock { $0.append(program) }
        let line = try #require(await self.program.line { $0.hasPrefix("listening ") }, "faults.py did not start")
        let ports = line.text.split(separator: " ").dropFirst()
        try #require(ports.count == behaviours.count)
        let scheme = identity == nil ? "ws" : "wss"
        self.urls = Dictionary(
            uniqueKeysWithValues: zip(behaviours, ports.map { "\(scheme)://127.0.0.1:\($0)/" })
        )
    }

    /// Where it behaves like that.
    func url(_ behaviour: String) throws -> String {
        try #require(self.urls[behaviour])
    }

    func stop() { self.program.stop() }
}
