// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetHTTP
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// An etcd that the run has started. Elements are documents under one prefix; every tenth is one of five of a transaction.
final class EtcdServer: SoakedServer {
    static let source = "etcd"
    private static let prefix = "soak/"

    let name = "etcd"
    let proxy: FaultProxy
    let route: NetworkRoute
    let sockets: SocketWatch
    let kinds = [StreamKind(name: "watch", source: EtcdServer.source, promise: .gapless)]
    private let folder: TemporaryFolder
    private let process: ServerProcess
    /// Not by the proxy: what it says is the server's own word.
    private let writer: EtcdClient
    private let administrator: HTTPClient
    private let recorder: RunRecorder
    private let publisher = Publisher()
    /// The version of each document. A write that etcd has not answered may be made later still, when it has a leader again: it must
    /// not be made a second time then.
    private let versions = Locked<[Int: String]>([:])
    /// The last element of each revision, the newest of them.
    private let revisions = Locked<[(revision: Int64, n: Int)]>([])

    init(_ recorder: RunRecorder, rate: Int, seed: UInt64, offset: Int) async throws(FreshetError) {
        self.recorder = recorder
        self.folder = try TemporaryFolder("etcd")
        let url = "http://127.0.0.1:\(try FreePort.next())"
        let peer = "http://127.0.0.1:\(try FreePort.next())"
        self.process = try ServerProcess(
            "etcd",
            [
                "--data-dir", "\(self.folder.path)/data", "--listen-client-urls", url, "--advertise-client-urls", url,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", "default=\(peer)",
            ],
            log: "\(self.folder.path)/log"
        )
        let sockets = SocketWatch(recorder, offset: offset)
        self.sockets = sockets
        self.proxy = try FaultProxy(
            to: url,
            configuration: FaultProxyConfiguration(seed: seed, logLimit: 1)
        ) { sockets.take($0) }
        self.route = NetworkRoute()
        var configuration = EtcdClientConfiguration()
        configuration.webSocket.proxy = .none
        self.writer = EtcdClient(url: url, configuration: configuration, logger: .silent)
        self.administrator = HTTPClient(baseURL: url)
        let documents = self.writer.documents(Publisher.Element.self, under: Self.prefix)
        try await ready("etcd") { _ = try await documents.list() }
        self.publisher.start(
            source: Self.source,
            rate: rate,
            seed: seed,
            transactions: true,
            recorder: recorder
        ) { [writer, revisions, versions] elements in
            var transaction = EtcdTransaction()
            for element in elements {
                let key = "\(Self.prefix)\(element.key)"
                if let version = versions.withLock({ $0[element.key] }) {
                    transaction.require(key, version: version)
                } else {
                    transaction.requireAbsence(of: key)
                }
                try transaction.put(key, element)
            }
            let version = try await writer.commit(transaction)
            versions.withLock { versions in
                for element in elements { versions[element.key] = version }
            }
            let revision = Int64(version) ?? 0
            revisions.withLock { Self.add(&$0, revision, elements.last?.n ?? 0) }
        } has: { [revisions, versions] element in
            let document: Document<Publisher.Element>
            do throws(FreshetError) {
                document = try await documents.get("\(Self.prefix)\(element.key)")
            } catch {
                // Anything else does not say whether it is there.
                guard error.kind == .notFound else { throw error }
                return false
            }
            guard document.value.n >= element.n else { return false }
            // What was written with it has the same revision.
            let all = try await documents.list().documents.filter { $0.version == document.version }
            versions.withLock { versions in
                for one in all { versions[one.value.key] = one.version }
            }
            revisions.withLock { Self.add(&$0, Int64(document.version) ?? 0, all.map(\.value.n).max() ?? element.n) }
            return true
        }
    }

    private static func add(_ revisions: inout [(revision: Int64, n: Int)], _ revision: Int64, _ n: Int) {
        revisions.append((revision, n))
        if revisions.count > 8192 { revisions.removeFirst(4096) }
    }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        EtcdSoakedClient(setup, url: self.proxy.url, prefix: Self.prefix, route: self.route)
    }

    var hasSubstitute: Bool { true }

    func place(of position: Position) -> Int? {
        guard let revision = position.number else { return nil }
        return self.revisions.withLock { $0.last { $0.revision <= revision }?.n }
    }

    func restart(after down: Duration) async throws(FreshetError) {
        self.process.kill()
        try? await Task.sleep(for: down)
        try self.process.start()
    }

    func forget() async throws(FreshetError) {
        let (revision, n) = self.revisions.withLock { $0.last } ?? (0, 0)
        guard revision > 0 else { return }
        self.recorder.record(.forgot(source: Self.source, upTo: n))
        let body: JSONValue = ["revision": .string("\(revision)")]
        _ = try await self.administrator.post("v3/kv/compaction", json: body, as: JSONValue.self)
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

/// Asks until a server that was just started answers.
func ready(_ name: String, _ ask: () async throws -> Void) async throws(FreshetError) {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
        do {
            return try await ask()
        } catch {
            guard ContinuousClock.now < deadline else {
                throw FreshetError(.unreachable, "\(name) did not start within 20 s: \(error)")
            }
        }
        try? await Task.sleep(for: .milliseconds(50))
    }
}
