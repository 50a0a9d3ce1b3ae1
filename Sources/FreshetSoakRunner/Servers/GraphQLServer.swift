// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// The embedded GraphQL server: its log is a matter of the clock, so what it has published is known without asking.
final class GraphQLServer: SoakedServer {
    static let source = "graphql"

    let name = "graphql"
    let proxy: FaultProxy
    let route: NetworkRoute
    let sockets: SocketWatch
    let tokens: TokenGiver
    let server: EmbeddedServer
    /// Ends TLS, for clients of probes.
    let probed: FaultProxy
    let authority: TestAuthority
    private let recorder: RunRecorder
    private let publisher: Task<Void, Never>

    let kinds = [
        StreamKind(name: "cursor", source: GraphQLServer.source, promise: .gapless),
        StreamKind(name: "plain", source: GraphQLServer.source, promise: .bestEffort),
    ]

    init(_ recorder: RunRecorder, rate: Int, seed: UInt64, offset: Int) async throws(FreshetError) {
        self.recorder = recorder
        let tokens = TokenGiver(recorder)
        self.tokens = tokens
        self.server = try await EmbeddedServer(eventsPerSecond: rate) { event in
            switch event {
            case .subscribed(let name, let after):
                guard let (client, stream) = StreamTask.parts(of: name) else { return }
                recorder.record(.subscribed(client: client, stream: stream, after: after))
            case .refused(let token): tokens.refused(token)
            case .connected, .disconnected: break
            }
        }
        let url = await self.server.url
        let sockets = SocketWatch(recorder, offset: offset)
        self.sockets = sockets
        var configuration = FaultProxyConfiguration(seed: seed, logLimit: 1)
        self.proxy = try FaultProxy(to: url, configuration: configuration) { sockets.take($0) }
        self.authority = try TestAuthority()
        configuration.authority = self.authority
        let probes = SocketWatch(recorder, offset: offset + SoakedServers.numbers)
        self.probed = try FaultProxy(to: url, configuration: configuration) { probes.take($0) }
        self.route = NetworkRoute()
        self.publisher = Task { [log = self.server.log] in await Self.publish(log, recorder) }
        await self.server.accept(tokens.tokens)
    }

    /// Writes down what the log has, until it is stopped and all is written.
    private static func publish(_ log: EmbeddedLog, _ recorder: RunRecorder) async {
        var written = 0
        while true {
            let isOver = Task.isCancelled
            let last = log.last()
            while written < last {
                written += 1
                let key = String(EmbeddedLog.key(of: written))
                let event = HistoryEvent.published(
                    source: Self.source,
                    key: key,
                    n: written,
                    k: EmbeddedLog.place(of: written)
                )
                recorder.record(event, at: log.appeared(written))
            }
            if isOver { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    var takesTokens: Bool { true }
    var giver: TokenGiver? { self.tokens }
    func endTokens() async { await self.server.expireTokens() }

    func client(_ setup: ClientSetup) throws(FreshetError) -> any SoakedClient {
        let proxy = setup.road == .probed ? self.probed : self.proxy
        return GraphQLSoakedClient(
            setup,
            url: proxy.url,
            authority: setup.road == .plain ? nil : self.authority,
            route: self.route,
            tokens: self.tokens
        )
    }

    func place(of position: Position) -> Int? { position.number.map { Int($0) } }

    func restart(after down: Duration) async throws(FreshetError) {
        await self.server.stop()
        try? await Task.sleep(for: down)
        try await self.server.start()
    }

    func forget() async throws(FreshetError) {
        self.recorder.record(.forgot(source: Self.source, upTo: await self.server.forget()))
    }

    func quiesce() async -> [String: Int] {
        self.server.log.stop()
        self.publisher.cancel()
        await self.publisher.value
        return [Self.source: self.server.log.last()]
    }

    func stop() async {
        self.publisher.cancel()
        await self.server.shutdown()
        self.proxy.stop()
        self.probed.stop()
    }
}
