// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// A nats-server that the run has started. Elements are the messages of one stream, each with an id, so that the server takes it
/// once.
final class NATSServer: SoakedServer {
    static let source = "nats"
    static let stream = "SOAK"

    let name = "nats"
    let proxy: FaultProxy
    let route: NetworkRoute
    let sockets: SocketWatch
    let kinds = [StreamKind(name: "messages", source: NATSServer.source, promise: .gapless, after: 0)]
    private let folder: TemporaryFolder
    private let process: ServerProcess
    private let writer: NATSClient
    private let recorder: RunRecorder
    private let publisher = Publisher()

    init(_ recorder: RunRecorder, rate: Int, seed: UInt64, offset: Int) async throws(FreshetError) {
        self.recorder = recorder
        self.folder = try TemporaryFolder("nats")
        let port = try FreePort.next()
        let configuration = try self.folder.write(
            """
            listen: "127.0.0.1:-1"
            jetstream { store_dir: "\(self.folder.path)/data" }
            websocket { listen: "127.0.0.1:\(port)", no_tls: true }
            """,
            to: "nats.conf"
        )
        self.process = try ServerProcess("nats-server", ["-c", configuration], log: "\(self.folder.path)/log")
        let sockets = SocketWatch(recorder, offset: offset)
        self.sockets = sockets
        let url = "ws://127.0.0.1:\(port)"
        self.proxy = try FaultProxy(
            to: url,
            configuration: FaultProxyConfiguration(seed: seed, logLimit: 1)
        ) { sockets.take($0) }
        self.route = NetworkRoute()
        var settings = NATSClientConfiguration()
        settings.webSocket.proxy = .none
        settings.policy.backoff = Backoff(initial: .milliseconds(50), cap: .milliseconds(500))
        self.writer = NATSClient(url: url, configuration: settings, logger: .silent)
        let writer = self.writer
        try await ready("nats-server") {
            try await writer.createStream(Self.stream, NATSStreamConfiguration(subjects: ["soak"]))
        }
        let stream = writer.stream(Self.stream, of: Publisher.Element.self)
        self.publisher.start(
            source: Self.source,
            rate: rate,
            seed: seed,
            transactions: false,
            recorder: recorder
        ) { elements in
            for element in elements { try await stream.publish(element, to: "soak", id: "\(element.n)") }
        } has: { element in
            try await writer.streamState(Self.stream).lastSequence >= UInt64(element.n)
        }
    }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        NATSSoakedClient(setup, url: self.proxy.url, route: self.route)
    }

    /// The messages' numbers are those of the stream.
    func place(of position: Position) -> Int? {
        position.text.flatMap { $0.split(separator: "@").first }.flatMap { Int($0) }
    }

    func restart(after down: Duration) async throws(FreshetError) {
        self.process.kill()
        try? await Task.sleep(for: down)
        try self.process.start()
    }

    func forget() async throws(FreshetError) {
        let last = self.publisher.last
        self.recorder.record(.forgot(source: Self.source, upTo: last))
        try await self.writer.purgeStream(Self.stream, before: UInt64(last) + 1)
    }

    func failure() -> FreshetError? { self.process.failure() }

    func quiesce() async -> [String: Int] { [Self.source: await self.publisher.stop()] }

    func stop() async {
        _ = await self.publisher.stop()
        await self.writer.close()
        self.proxy.stop()
        self.process.kill()
    }
}
