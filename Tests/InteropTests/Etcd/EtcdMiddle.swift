// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// nginx before an etcd: files are switches, from the next request on. `no-websocket` answers upgrades with 403,
/// `no-streams` answers watches over HTTP with 403.
final class EtcdMiddle {
    let port: Int
    private let folder: URL
    private let configuration: URL
    private var program: Program

    init(before upstream: Int) async throws {
        self.port = try Middle.freePort()
        self.folder = FileManager.default.temporaryDirectory.appending(path: "freshet-nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let path = self.folder.path
        self.configuration = self.folder.appending(path: "nginx.conf")
        try """
        daemon off; master_process off; pid \(path)/nginx.pid; error_log stderr notice;
        events { worker_connections 256; }
        http {
          log_format short '$request_uri $status'; access_log \(path)/access.log short;
          client_body_temp_path \(path)/body; proxy_temp_path \(path)/proxy; fastcgi_temp_path \(path)/fastcgi;
          uwsgi_temp_path \(path)/uwsgi; scgi_temp_path \(path)/scgi;
          server {
            listen 127.0.0.1:\(self.port);
            proxy_http_version 1.1; proxy_buffering off;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
            location = /v3/watch {
              set $refused "";
              if (-f \(path)/no-websocket) { set $refused $http_upgrade; }
              if ($refused) { return 403; }
              set $streams $http_upgrade;
              if (!-f \(path)/no-streams) { set $streams yes; }
              if ($streams = "") { return 403; }
              proxy_pass http://127.0.0.1:\(upstream);
            }
            location / { proxy_pass http://127.0.0.1:\(upstream); }
          }
        }
        """.write(to: self.configuration, atomically: true, encoding: .utf8)
        self.program = try await Self.start(self.folder, self.configuration)
    }

    deinit {
        self.program.stop()
        try? FileManager.default.removeItem(at: self.folder)
    }

    private static func start(_ folder: URL, _ configuration: URL) async throws -> Program {
        let program = try Program(
            try Middle.path("nginx"),
            ["-p", folder.path, "-e", "stderr", "-c", configuration.path]
        )
        _ = try #require(await program.errorLine { $0.contains("using the") }, "nginx did not start")
        return program
    }

    var url: String { "http://127.0.0.1:\(self.port)" }

    /// Returns when so many answers like this were logged: nginx does so when their connections have ended.
    func logged(_ line: String, _ count: Int) async throws {
        while try self.lines(line) < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func lines(_ line: String) throws -> Int {
        let text = try String(contentsOf: self.folder.appending(path: "access.log"), encoding: .utf8)
        return text.split(separator: "\n").count { $0 == line }
    }

    func stop() { self.program.stop() }

    /// Cuts every connection, and goes on with these switches alone.
    func restart(refusing switches: [String]) async throws {
        self.program.stop()
        _ = await self.program.exitStatus()
        for name in ["no-websocket", "no-streams"] {
            let file = self.folder.appending(path: name)
            if switches.contains(name) {
                try Data().write(to: file)
            } else {
                try? FileManager.default.removeItem(at: file)
            }
        }
        self.program = try await Self.start(self.folder, self.configuration)
    }

    func allow(_ name: String) throws { try FileManager.default.removeItem(at: self.folder.appending(path: name)) }
}
