// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetDocuments
import FreshetHTTP
import FreshetTransport

/// A real etcd on 127.0.0.1, with its data in a folder that goes away with it.
final class EtcdServer: Sendable {
    /// Foundation takes a process's objects apart some time after its end.
    private static let kept = Locked<[Program]>([])

    let port: Int
    let scheme: String
    private let peers: Int
    private let folder: URL
    private let arguments: [String]
    private let program = Locked<Program?>(nil)

    /// Nil, and a line that says so, where etcd is not installed.
    static func start(_ arguments: [String] = [], isSecure: Bool = false) async throws -> EtcdServer? {
        guard let path = try? Middle.path("etcd") else {
            print("SKIPPED: no etcd here: EtcdClient was not tested against a real server")
            return nil
        }
        let server = try EtcdServer(arguments, isSecure: isSecure)
        try await server.launch(path)
        return server
    }

    private init(_ arguments: [String], isSecure: Bool) throws {
        self.port = try Middle.freePort()
        self.peers = try Middle.freePort()
        self.scheme = isSecure ? "https" : "http"
        self.arguments = arguments
        self.folder = FileManager.default.temporaryDirectory.appending(path: "freshet-etcd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    deinit {
        self.program.withLock { $0 }?.stop()
        try? FileManager.default.removeItem(at: self.folder)
    }

    private func launch(_ path: String) async throws {
        let peer = "http://127.0.0.1:\(self.peers)"
        let program = try Program(
            path,
            [
                "--data-dir", self.folder.appending(path: "data").path, "--listen-client-urls", self.url,
                "--advertise-client-urls", self.url, "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=\(peer)",
            ] + self.arguments
        )
        Self.kept.withLock { $0.append(program) }
        self.program.withLock { $0 = program }
        guard await program.errorLine(where: { $0.contains("client requests on") }) != nil else {
            throw FreshetError(.unreachable, "etcd did not start")
        }
    }

    var url: String { "\(self.scheme)://127.0.0.1:\(self.port)" }

    func stop() { self.program.withLock { $0 }?.stop() }

    /// Ends it, and starts it again with what it had, or with an empty store.
    func restart(wiped: Bool = false) async throws {
        self.program.withLock { $0 }?.stop()
        _ = await self.program.withLock { $0 }?.exitStatus()
        if wiped { try FileManager.default.removeItem(at: self.folder.appending(path: "data")) }
        try await self.launch(try Middle.path("etcd"))
    }

    // MARK: - As an administrator

    /// Without what is tested.
    @discardableResult
    func call(_ path: String, _ body: JSONValue, token: String? = nil) async throws -> JSONValue {
        let client = HTTPClient.fresh(self.url) { $0.headers[.authorization] = token }
        return try await client.post(path, json: body, as: JSONValue.self)
    }

    /// Switches authentication on, with the users root, and ada, who may do everything under `a/`; their passwords are `secret`.
    func enableAuthentication() async throws {
        let range: JSONValue = ["permType": "READWRITE", "key": "YS8=", "range_end": "YTA="]
        for (path, body): (String, JSONValue) in [
            ("user/add", ["name": "root", "password": "secret"]), ("role/add", ["name": "root"]),
            ("user/grant", ["user": "root", "role": "root"]), ("user/add", ["name": "ada", "password": "secret"]),
            ("role/add", ["name": "writer"]), ("role/grant", ["name": "writer", "perm": range]),
            ("user/grant", ["user": "ada", "role": "writer"]), ("enable", [:]),
        ] { try await self.call("v3/auth/\(path)", body) }
    }

    func compact(at revision: String) async throws {
        try await self.call("v3/kv/compaction", ["revision": .string(revision)])
    }

    /// A client with quick retries, and without a proxy.
    func client(
        at url: String? = nil,
        loop: EventLoop = .shared,
        _ change: (inout EtcdClientConfiguration) -> Void = { _ in }
    ) -> EtcdClient {
        var configuration = EtcdClientConfiguration()
        configuration.webSocket.proxy = .none
        configuration.policy.backoff = Backoff(initial: .milliseconds(20), cap: .milliseconds(100))
        configuration.policy.subscriptionBackoff = Backoff(initial: .milliseconds(20), cap: .milliseconds(100))
        configuration.policy.fallback = FallbackPolicy(failures: 1000, interval: .milliseconds(50))
        configuration.policy.waitsForFirstConnection = true
        change(&configuration)
        return EtcdClient(url: url ?? self.url, configuration: configuration, loop: loop)
    }
}
