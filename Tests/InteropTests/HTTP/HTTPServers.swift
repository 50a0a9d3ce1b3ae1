// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import FreshetTestSupport
import Testing

extension Program {
    /// A Python script of the source tree that prints where it listens, and that URL.
    static func listening(
        _ script: String,
        _ arguments: [String] = [],
        needsPackages: Bool = true
    ) async throws -> (server: Program, url: String) {
        let given = ProcessInfo.processInfo.environment["FRESHET_PYTHON"]
        let python = try #require(
            needsPackages ? given : given ?? "python3",
            "FRESHET_PYTHON is not set, so nothing was tested against \(script): run `make test`, or scripts/python-env.sh"
        )
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL
        let server = try Program("/usr/bin/env", [python, "-B", root.appending(path: script).path] + arguments)
        let line = try #require(await server.line { $0.hasPrefix("listening ") }, "\(script) did not start")
        return (server, String(line.text.dropFirst("listening ".count)))
    }

    /// The server that misbehaves, one way a path.
    static func badHTTP() async throws -> (server: Program, url: String) {
        try await self.listening("Tests/InteropTests/Servers/bad_http.py", needsPackages: false)
    }

    /// The example's backend, with its counters and troubles.
    static func backend(_ arguments: String...) async throws -> (server: Program, url: String) {
        try await self.listening("Examples/AppBackend/Server/server.py", ["--control"] + arguments)
    }
}

extension HTTPClient {
    /// A client with connections of its own, and no retries unless a test wants them.
    static func fresh(
        _ url: String,
        middlewares: [any HTTPMiddleware] = [],
        _ change: (inout HTTPConfiguration) -> Void = { _ in }
    ) -> HTTPClient {
        var configuration = HTTPConfiguration()
        configuration.pool = HTTPPool()
        configuration.timeouts.receive = .seconds(20)
        configuration.proxy = .none
        change(&configuration)
        return HTTPClient(baseURL: url, configuration: configuration, middlewares: middlewares)
    }
}

/// The error of what must fail.
func failure(_ body: () async throws -> Void) async -> FreshetError? {
    await #expect(throws: FreshetError.self) { try await body() }
}

/// nginx as `Servers/nginx/nginx.conf` has it, before another server.
final class Nginx {
    let certificates: Certificates
    let authority: String
    let client: (certificate: String, key: String)
    let certificate: String
    private let program: Program
    private let ports: [String: Int]

    /// Starts it before the server at `url`, with a certificate of the authority for `name`.
    init(
        before url: String,
        name: String = "IP:127.0.0.1",
        times: [String] = ["-days", "2"],
        selfSigned: Bool = false,
        protocols: String = "TLSv1.2 TLSv1.3"
    ) async throws {
        self.certificates = try Certificates()
        self.authority = try await self.certificates.authority()
        self.client = try await self.certificates.signed("client", for: "DNS:client.invalid")
        let identity =
            selfSigned
            ? try await self.certificates.selfSigned("server", for: name)
            : try await self.certificates.signed("server", for: name, times: times)
        self.certificate = identity.certificate
        var ports: [String: Int] = [:]
        for label in ["PLAIN", "TLS", "MUTUAL", "FEW"] { ports[label] = try Middle.freePort() }
        self.ports = ports
        let servers = URL(filePath: #filePath).appending(path: "../../Servers").standardizedFileURL
        let folder = self.certificates.folder
        var values = [
            "FOLDER": folder.path, "SERVERS": servers.path, "CERTIFICATE": identity.certificate, "KEY": identity.key,
            "AUTHORITY": self.authority, "UPSTREAM": "\(try #require(URL(string: url)?.port))",
        ]
        for (label, port) in ports { values[label] = "\(port)" }
        var text = try String(contentsOf: servers.appending(path: "nginx/nginx.conf"), encoding: .utf8)
            .split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: "\n")
        for (name, value) in values { text = text.replacing("${\(name)}", with: value) }
        text = text.replacing("ssl_protocols TLSv1.2 TLSv1.3", with: "ssl_protocols \(protocols)")
        // One line a request: version, connection, request of the connection.
        let log = folder.appending(path: "access.log").path
        text = text.replacing(
            "access_log off;",
            with:
                "log_format short '$request_method $server_protocol $connection $request_uri'; access_log \(log) short;"
        )
        let file = folder.appending(path: "nginx.conf")
        try text.write(to: file, atomically: true, encoding: .utf8)
        self.program = try Program(Middle.path("nginx"), ["-p", folder.path, "-e", "stderr", "-c", file.path])
        let program = self.program
        _ = try #require(await program.errorLine { $0.contains("using the") }, "nginx did not start")
    }

    func url(_ label: String) throws -> String {
        "\(label == "PLAIN" ? "http" : "https")://127.0.0.1:\(try #require(self.ports[label]))"
    }

    /// What was asked, as soon as there are so many lines: nginx writes them after its answers.
    func log(_ count: Int) async throws -> [Line] {
        while true {
            let lines = try self.lines()
            if lines.count >= count { return lines }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    typealias Line = (method: String, version: String, connection: String, path: String)

    private func lines() throws -> [Line] {
        try String(contentsOf: self.certificates.folder.appending(path: "access.log"), encoding: .utf8)
            .split(separator: "\n").map { line in
                let parts = line.split(separator: " ").map(String.init)
                return (parts[0], parts[1], parts[2], parts[3])
            }
    }

    func stop() { self.program.stop() }
}
