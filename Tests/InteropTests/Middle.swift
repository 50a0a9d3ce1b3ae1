// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetTestSupport
import Testing

/// nginx with TLS in front of a WebSocket server, and tinyproxy: the middle of real networks, on free ports of 127.0.0.1.
enum Middle {
    /// A port for a server that cannot choose one by itself.
    static func freePort() throws -> Int { try FreePort.next() }

    /// nginx on a port of its own; `directives` go into its server block.
    static func nginx(
        in folder: URL,
        certificate: String,
        key: String,
        upstream: Int,
        directives: String = ""
    ) async throws -> (program: Program, url: String) {
        let path = try self.path("nginx")
        let port = try self.freePort()
        let configuration = folder.appending(path: "nginx-\(port).conf")
        let scratch = folder.path
        try """
        daemon off; master_process off; pid \(scratch)/nginx-\(port).pid; error_log stderr notice;
        events { worker_connections 64; }
        http {
          access_log off;
          client_body_temp_path \(scratch)/body; proxy_temp_path \(scratch)/proxy; fastcgi_temp_path \(scratch)/fastcgi;
          uwsgi_temp_path \(scratch)/uwsgi; scgi_temp_path \(scratch)/scgi;
          server {
            listen 127.0.0.1:\(port) ssl; ssl_certificate \(certificate); ssl_certificate_key \(key);
            \(directives)
            location / {
              proxy_pass http://127.0.0.1:\(upstream); proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
            }
          }
        }
        """.write(to: configuration, atomically: true, encoding: .utf8)
        let program = try Program(path, ["-p", scratch, "-e", "stderr", "-c", configuration.path])
        _ = try #require(await program.errorLine { $0.contains("using the") }, "nginx did not start")
        return (program, "wss://127.0.0.1:\(port)/")
    }

    /// tinyproxy that wants user `freshet` with password `hunter2`.
    static func tinyproxy(in folder: URL) async throws -> (program: Program, authority: String) {
        let path = try self.path("tinyproxy")
        let port = try self.freePort()
        let configuration = folder.appending(path: "tinyproxy-\(port).conf")
        try "Port \(port)\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Info\nBasicAuth freshet hunter2\n"
            .write(to: configuration, atomically: true, encoding: .utf8)
        let program = try Program(path, ["-d", "-c", configuration.path])
        _ = try #require(await program.line { $0.contains("Accepting connections") }, "tinyproxy did not start")
        return (program, "127.0.0.1:\(port)")
    }

    static func path(_ name: String) throws -> String {
        let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return try #require(found, "\(name) is not installed, so nothing was tested with it: run `make test`")
    }
}
