// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetDocuments
import FreshetTransport
import Testing

/// A nats-server with JetStream and a WebSocket listener, its data in a folder of its own. To be stopped.
final class NATSServer: Sendable {
    static let isInstalled: Bool = {
        if (try? Middle.path("nats-server")) != nil { return true }
        print("SKIPPED: nats-server is not installed here: nothing was tested with NATS")
        return false
    }()

    let folder: URL
    let port: Int
    private let configuration: URL
    private let program: Locked<Program>

    /// Starts it; `webSocket` goes into its WebSocket listener, `more` beside that.
    init(webSocket: String = "no_tls: true", _ more: String = "", jetStream: Bool = true) async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "freshet-nats-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.port = try Middle.freePort()
        self.configuration = self.folder.appending(path: "nats.conf")
        let store = jetStream ? "jetstream { store_dir: \"\(self.folder.path)/data\" }" : ""
        try """
        listen: "127.0.0.1:-1"
        \(store)
        websocket { listen: "127.0.0.1:\(self.port)", \(webSocket) }
        \(more)
        """.write(to: self.configuration, atomically: true, encoding: .utf8)
        self.program = Locked(try await Self.start(self.configuration))
    }

    private static func start(_ configuration: URL) async throws -> Program {
        let program = try Program(try Middle.path("nats-server"), ["-c", configuration.path])
        _ = try #require(await program.errorLine { $0.contains("Server is ready") }, "nats-server did not start")
        return program
    }

    var url: String { "ws://127.0.0.1:\(self.port)" }

    /// One after another, as a crash between two writes.
    func restart() async throws {
        let old = self.program.withLock { $0 }
        old.stop()
        _ = await old.exitStatus()
        let new = try await Self.start(self.configuration)
        self.program.withLock { $0 = new }
    }

    func signal(_ number: Int32) { self.program.withLock { $0 }.signal(number) }

    func stop() {
        self.program.withLock { $0 }.stop()
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// A client that connects again quickly.
    func client(
        _ url: String? = nil,
        _ authentication: NATSAuthentication? = nil,
        _ change: (inout NATSClientConfiguration) -> Void = { _ in }
    ) -> NATSClient {
        var configuration = NATSClientConfiguration(authentication: authentication)
        configuration.webSocket.proxy = .none
        configuration.policy.backoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
        configuration.policy.subscriptionBackoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
        change(&configuration)
        return NATSClient(url: url ?? self.url, configuration: configuration)
    }
}

/// What the tests write.
struct NATSNote: Codable, Sendable, Hashable {
    var text: String
}
