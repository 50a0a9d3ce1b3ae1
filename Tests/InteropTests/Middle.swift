// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetTestSupport
import Testing

/// nginx with TLS in front of a WebSocket server, and tinyproxy: the middle of real networks, on free ports of 127.0.0.1.
enum Middle {
    private static let lastPort = Locked(10_000 + Int(getpid()) * 61 % 20_000)

    /// A port for a server that cannot choose one by itself: none that the system gives to outgoing connections, for one of those
    /// might have it before the server does.
    static func freePort() throws -> Int {
        for _ in 0..<1000 {
            let port = self.lastPort.withLock { port in
                port = port == 30_000 ? 10_000 : port + 1
                return port
            }
            if Self.isFree(port) { return port }
        }
        throw FreshetError(.unreachable, "no free port between 10000 and 30000")
    }

    private static func isFree(_ port: Int) -> Bool {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

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
