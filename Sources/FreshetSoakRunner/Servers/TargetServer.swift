// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// Somebody's GraphQL server: faults are done on this side of it, by a proxy that clients go through without knowing.
///
/// What it publishes is known from its results' own numbers, which go up by one: a result that anybody was sent proves that those
/// before it are there too. A witness that does not go through the proxy sees to it that somebody is always sent the newest.
final class TargetServer: SoakedServer {
    static let source = "target"

    let name = "target"
    let proxy: FaultProxy
    let route: NetworkRoute
    let sockets: SocketWatch
    let kinds: [StreamKind]
    let isOpaque: Bool
    let isOurs = false
    private let target: SoakTarget
    private let recorder: RunRecorder
    private let witness: TargetClient
    private let onNumber: @Sendable (Int) -> Void
    private let watching = Locked<Task<Void, Never>?>(nil)
    private let newest = Locked(0)

    init(_ target: SoakTarget, _ recorder: RunRecorder, seed: UInt64) async throws(FreshetError) {
        let endpoint = try GraphQLClient.endpoint(target.url)
        let sockets = SocketWatch(recorder, offset: 0)
        self.target = target
        self.recorder = recorder
        self.sockets = sockets
        self.isOpaque = endpoint.secure
        self.proxy = try FaultProxy(
            to: "\(endpoint.secure ? "wss" : "ws")://\(endpoint.authority)\(endpoint.target)",
            configuration: FaultProxyConfiguration(seed: seed, logLimit: 1)
        ) { sockets.take($0) }
        self.route = NetworkRoute(.addresses(["127.0.0.1"]), port: self.proxy.port)
        let promise: Continuity = target.cursor == nil ? .bestEffort : .gapless
        let kind = StreamKind(name: "results", source: Self.source, promise: promise)
        self.kinds = [kind]
        self.onNumber = { [newest] n in Self.publish(n, newest, recorder) }
        let setup = ClientSetup(number: -1, timing: ClientTiming())
        self.witness = TargetClient(setup, target, route: nil, onNumber: self.onNumber)
        let task = Task { [witness] in
            _ = try? await witness.read(kind, name: "-", from: nil, delivery: .suspending) { _ in }
        }
        self.watching.withLock { $0 = task }
    }

    private static func publish(_ n: Int, _ newest: Locked<Int>, _ recorder: RunRecorder) {
        newest.withLock { newest in
            let last = newest == 0 ? n - 1 : newest
            guard n > last else { return }
            newest = n
            recorder.record((last + 1...n).map { .published(source: Self.source, key: "-", n: $0, k: $0) })
        }
    }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        TargetClient(setup, self.target, route: self.route, onNumber: self.onNumber)
    }

    func place(of position: Position) -> Int? { position.number.map { Int($0) } }
    func restart(after down: Duration) async throws(FreshetError) {}
    func forget() async throws(FreshetError) {}

    /// It goes on; what it had published until now is what is waited for.
    func quiesce() async -> [String: Int] { [Self.source: self.newest.withLock { $0 }] }

    func stop() async {
        self.watching.withLock { $0 }?.cancel()
        await self.witness.close()
        self.proxy.stop()
    }
}
