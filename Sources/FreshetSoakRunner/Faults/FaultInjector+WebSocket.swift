// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport

extension FaultInjector {
    /// `ws.*`, and what a server sends that is not its log.
    func webSocket(_ id: String, _ server: any SoakedServer, _ random: inout SeededRandom) -> FaultDeed? {
        guard !server.isOpaque, server.isWebSocket else { return nil }
        let proxy = server.proxy
        switch id {
        case "ws.ping-flood":
            let victims = self.victims(server, &random)
            return FaultDeed { () async throws(FreshetError) in
                for connection in victims() { proxy.inject(bytes: FaultFrames.pings(2000), connection: connection) }
            }
        case "ws.no-pong", "ws.partial-frame":
            // Any byte shows that somebody is there, so that nothing else may come either.
            let bytes = id == "ws.partial-frame" ? FaultFrames.partial : []
            let victims = self.victims(server, &random)
            return FaultDeed(hold: self.timing.keepAlive + .seconds(1)) { () async throws(FreshetError) in
                for connection in victims() {
                    if !bytes.isEmpty { proxy.inject(bytes: bytes, connection: connection) }
                    proxy.silence(connection: connection)
                }
            }
        case "ws.close-unanswered":
            // Streams of one client are left, so that it closes; the answer to that does not come.
            return FaultDeed(hold: .seconds(2)) { () async throws(FreshetError) in
                try proxy.add(.noCloseAnswer)
                if let client = self.population.clients(of: server).first {
                    try await self.population.replace(client)
                }
            } end: { () async throws(FreshetError) in
                proxy.removeRules()
            }
        case let id where id.hasPrefix("ws.close("):
            guard let code = UInt16(id.dropFirst(9).dropLast()), !Probe.isProbed(id) else { return nil }
            let withTokens = [4401, 4403].contains(code)
            guard !withTokens || server is GraphQLServer else { return nil }
            let victims = self.victims(server, &random, withTokens: withTokens)
            return FaultDeed { () async throws(FreshetError) in
                let victims = victims()
                if withTokens, let graphql = server as? GraphQLServer {
                    graphql.tokens.refused(clients: server.sockets.clients(of: victims))
                }
                for connection in victims {
                    // 1006 is what it is called when there was no close frame.
                    if code == 1006 {
                        proxy.cut(.end, connection: connection)
                    } else {
                        proxy.close(code: code, connection: connection)
                    }
                }
            }
        default: return nil
        }
    }

    /// `http.*`: what upgrades are answered with; where there are none, the requests of the stream.
    func upgrade(_ id: String, _ server: any SoakedServer, _ random: inout SeededRandom) -> FaultDeed? {
        guard !server.isOpaque else { return nil }
        let proxy = server.proxy
        let victims = self.victims(server, &random)
        switch id {
        case "http.429", "http.503":
            // As Google's clients do, ours of Firestore waits for a minute then.
            guard id == "http.503" || server.isWebSocket else { return nil }
            let status = id == "http.429" ? 429 : 503
            let refusal = FaultAction.refuse(status, headers: [HTTPHeader("Retry-After", "1")])
            let rule = FaultRule(server.entrance, refusal, times: nil)
            return proxy.deed(hold: .seconds(2), [rule], cutting: victims)
        case "http.301", "http.302", "http.307":
            guard let status = Int(id.dropFirst(5)) else { return nil }
            // To the same place: what comes back is let through.
            let location = HTTPHeader("Location", "\(proxy.url)?redirected")
            let rules = [
                FaultRule(.upgrade(path: "redirected"), .delay(.milliseconds(1)), times: nil),
                FaultRule(.upgrade(), .refuse(status, headers: [location]), times: nil),
            ]
            guard server is GraphQLServer else { return nil }
            return proxy.deed(hold: .seconds(2), rules, cutting: victims)
        case "http.401", "http.403":
            guard server is GraphQLServer, let status = Int(id.dropFirst(5)) else { return nil }
            let withTokens = self.population.clients(of: server).filter(\.setup.hasTokens)
            let rules = withTokens.map { FaultRule(.upgrade(path: "client=\($0.number)&"), .refuse(status)) }
            let victims = self.victims(server, &random, share: 1...1, withTokens: true)
            return proxy.deed(hold: .seconds(2), rules) {
                let victims = victims()
                (server as? GraphQLServer)?.tokens.refused(clients: server.sockets.clients(of: victims))
                return victims
            }
        case "srv.overload":
            let count = self.population.clients(of: server).count
            let rule = FaultRule(
                server.entrance,
                .refuse(503, headers: [HTTPHeader("Retry-After", "1")]),
                times: max(1, count)
            )
            return proxy.deed(hold: .seconds(3), [rule], cutting: { server.sockets.all })
        default: return nil
        }
    }
}
