// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// A fault that ends streams for good is done to a client that is made for it: whether it ends, and by which error, is what is
/// looked at. The population goes on meanwhile.
struct Probe: Sendable {
    let server: GraphQLServer
    let population: Population
    let recorder: RunRecorder

    /// How long the end may take.
    private static let patience: Duration = .seconds(8)

    /// Whether the fault is done to a client of its own.
    static func isProbed(_ id: String) -> Bool {
        guard let fault = FaultCatalogue.fault(id) else { return false }
        return fault.outcome == .fatal || fault.outcome == .policy
    }

    /// Does it: `began` and `ended` are told where the fault begins and ends.
    func run(_ id: String, began: () -> Void, ended: () -> Void) async throws(FreshetError) {
        if id == "app.slow-consumer" { return try await self.slowConsumers(id, began, ended) }
        if let strike = self.strike(id) {
            let client = try self.client(id) {
                if id == "auth.refresh-401" { ($0.hasTokens, $0.isSignedOut) = (true, true) }
            }
            let stream = client.open(self.server.kinds[0])
            await Self.until(.now + Self.patience) { stream.heard != nil }
            began()
            for connection in self.server.sockets.connections(of: [client.number]) { try strike(connection) }
            await Self.until(.now + Self.patience) { stream.isOver }
            ended()
            return await client.close()
        }
        guard let meeting = try self.meeting(id) else { return }
        began()
        try meeting.prepare()
        let client = try self.client(id) { meeting.change(&$0) }
        if let rule = meeting.rule { try self.server.proxy.add(rule(client.number)) }
        let stream = client.open(self.server.kinds[0])
        await Self.until(.now + Self.patience) { stream.isOver }
        meeting.cleanUp()
        ended()
        await client.close()
    }

    private func client(_ id: String, _ change: (inout ClientSetup) -> Void) throws(FreshetError) -> RunClient {
        var setup = self.population.setup()
        change(&setup)
        return try RunClient(setup, of: self.server, ends: id, recorder: self.recorder)
    }

    /// What is done to a connection that is well.
    private func strike(_ id: String) -> ((_ connection: Int) throws(FreshetError) -> Void)? {
        let proxy = self.server.proxy
        func inject(_ bytes: [UInt8]) -> (Int) throws(FreshetError) -> Void {
            { connection throws(FreshetError) in proxy.inject(bytes: bytes, connection: connection) }
        }
        switch id {
        case "ws.bad-utf8": return inject(FaultFrames.badUTF8)
        case "ws.oversize": return inject(FaultFrames.oversize(2 << 20))
        case "ws.unmasked/rsv": return inject(FaultFrames.reservedBit)
        case "ws.fragment-interleave": return inject(FaultFrames.interleaved)
        case "auth.refresh-401":
            return { connection throws(FreshetError) in proxy.close(code: 4403, connection: connection) }
        default:
            guard id.hasPrefix("ws.close("), let code = UInt16(id.dropFirst(9).dropLast()) else { return nil }
            return { connection throws(FreshetError) in proxy.close(code: code, connection: connection) }
        }
    }

    /// What a client meets that connects.
    private struct Meeting {
        var prepare: () throws(FreshetError) -> Void = {}
        /// For the upgrade of the client of this number.
        var rule: ((Int) -> FaultRule)?
        var change: (inout ClientSetup) -> Void = { _ in }
        var cleanUp: () -> Void = {}
    }

    private func meeting(_ id: String) throws(FreshetError) -> Meeting? {
        let proxy = self.server.proxy
        func answer(_ action: FaultAction) -> Meeting {
            Meeting(
                rule: { FaultRule(.upgrade(path: "client=\($0)&"), action, times: nil) },
                cleanUp: { proxy.removeRules() }
            )
        }
        func certificate(_ change: @escaping (inout TLSConditions) -> Void) -> Meeting {
            let proxy = self.server.probed
            return Meeting(
                prepare: { () throws(FreshetError) in change(&proxy.conditions.tls) },
                change: { $0.road = .probed },
                cleanUp: { proxy.conditions.tls = TLSConditions() }
            )
        }
        switch id {
        case "http.200-html":
            return answer(.respond(FaultResponse(status: 200, body: "<html>Please sign in</html>")))
        case "http.426": return answer(.refuse(426))
        case "bad-accept": return answer(.badAccept)
        case "no-subprotocol": return answer(.noSubprotocol)
        case "tls.expired": return certificate { $0.certificate = .expired }
        case "tls.wrong-host": return certificate { $0.certificate = .wrongHost }
        case "tls.unknown-ca": return certificate { $0.certificate = .unknownAuthority }
        case "tls.client-cert-required": return certificate { $0.requiresClientCertificate = true }
        case "proxy.407":
            let forward = try RawServer { connection in
                connection.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                connection.readToEnd()
            }
            let port = forward.port
            return Meeting(change: { $0.forwardProxy = port }, cleanUp: { forward.stop() })
        default: return nil
        }
    }

    /// Consumers that are slower than their source, one for each policy.
    private func slowConsumers(_ id: String, _ began: () -> Void, _ ended: () -> Void) async throws(FreshetError) {
        let policies: [(StreamOverflow, DeliveryPolicy.Overflow)] = [
            (.suspending, .suspending), (.dropOldest, .dropOldest), (.latestPerKey, .latestPerKey("events.key")),
            (.failOnOverflow, .failOnOverflow),
        ]
        began()
        var clients: [RunClient] = []
        for (name, overflow) in policies {
            let client = try self.client(id) { _ in }
            let delivery = DeliveryPolicy(overflow, elements: 4)
            client.open(self.server.kinds[0], overflow: name, delivery: delivery, pause: .milliseconds(700))
            clients.append(client)
        }
        try? await Task.sleep(for: .seconds(5))
        ended()
        for client in clients {
            for stream in client.streams { await stream.leave() }
            await client.close()
        }
    }

    /// Looks again and again, until it is so.
    private static func until(_ deadline: ContinuousClock.Instant, _ isSo: () -> Bool) async {
        while !isSo(), ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
    }
}
