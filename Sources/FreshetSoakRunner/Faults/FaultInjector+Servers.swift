// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport

extension FaultInjector {
    /// `srv.*`, `doc.*`, `kv.*`, `gql.*`: what servers do by themselves.
    func server(_ id: String, _ server: any SoakedServer, _ random: inout SeededRandom) -> FaultDeed? {
        guard server.isOurs else { return nil }
        let proxy = server.proxy
        let cutAll: @Sendable () -> Void = { proxy.cut(.reset) }
        switch id {
        case "srv.restart":
            let down = (.milliseconds(100) ... .seconds(2)).pick(&random)
            let isGraceful = Bool.random(using: &random)
            return FaultDeed { () async throws(FreshetError) in
                if isGraceful { proxy.close(code: 1012) }
                try await server.restart(after: down)
            }
        case "srv.dup" where server is GraphQLServer, "srv.reorder" where server is GraphQLServer,
            "srv.skip" where server is GraphQLServer:
            let action: FaultAction = id == "srv.dup" ? .duplicate : id == "srv.reorder" ? .reorder : .drop
            // Each connection once: who asks for it again gets it. Only where results have numbers can anybody know.
            let victims = self.victims(server, &random)
            let skipping = Int.random(in: 0...5, using: &random)
            return FaultDeed(hold: .seconds(2)) { () async throws(FreshetError) in
                for connection in victims() {
                    let match = FaultMatch.frame(
                        .toClient,
                        containing: GraphQLSoakedClient.numbered,
                        kind: .text,
                        connection: connection
                    )
                    try proxy.add(FaultRule(match, action, skipping: skipping))
                }
            } end: { () async throws(FreshetError) in
                proxy.removeRules()
            }
        case "srv.dup" where server is RealtimeServer:
            // Nothing has changed by it. What is left out nobody can know there, for nothing is numbered.
            let rule = FaultRule(.frame(.toClient, containing: RealtimeServer.push), .duplicate, times: nil)
            return proxy.deed(hold: .seconds(2), [rule])
        case "srv.old":
            guard let graphql = server as? GraphQLServer else { return nil }
            let count = Int.random(in: 1...20, using: &random)
            return FaultDeed { () async throws(FreshetError) in
                await graphql.server.rewind(by: count) { !$0.hasSuffix(GraphQLSoakedClient.plain) }
            }
        case "srv.silent":
            // Only a source that says how long it is silent at most can be found out: the others' pings are answered.
            guard server is NATSServer else { return nil }
            let rules = [FaultMatch.FrameKind.text, .binary].map {
                FaultRule(.frame(.toClient, kind: $0), .drop, times: nil)
            }
            return proxy.deed(hold: .seconds(6), rules)
        case "srv.dup" where server is FirestoreServer, "srv.skip" where server is FirestoreServer,
            "fs.token-expired" where server is FirestoreServer, "fs.filter-mismatch" where server is FirestoreServer:
            return (server as? FirestoreServer).flatMap { self.firestore(id, $0) }
        case "gql.no-cursor" where server is GraphQLServer, "doc.compacted" where server is EtcdServer,
            "kv.seq-gap" where server is NATSServer:
            // What they would go on with is gone when they are back.
            return FaultDeed(hold: .seconds(1)) { () async throws(FreshetError) in
                proxy.conditions.refusesConnections = true
                cutAll()
                try? await Task.sleep(for: .seconds(1))
                try await server.forget()
            } end: { () async throws(FreshetError) in
                proxy.conditions.refusesConnections = false
            }
        case "doc.snapshot-fails" where server is EtcdServer:
            return FaultDeed(hold: .seconds(3)) { () async throws(FreshetError) in
                try proxy.add(FaultRule(.request(path: "/v3/kv/range"), .refuse(500), times: nil))
                proxy.conditions.refusesConnections = true
                cutAll()
                try? await Task.sleep(for: .milliseconds(500))
                try await server.forget()
                proxy.conditions.refusesConnections = false
            } end: { () async throws(FreshetError) in
                proxy.removeRules()
            }
        default: return nil
        }
    }

    /// `auth.*` and `clk.skew`: what the giver of tokens does.
    func credentials(_ id: String, _ server: any SoakedServer) -> FaultDeed? {
        guard let giver = server.giver else { return nil }
        switch id {
        case "auth.expire-live", "auth.rotate-race":
            return FaultDeed(hold: .seconds(1)) { () async throws(FreshetError) in await server.endTokens() }
        case "auth.refresh-slow":
            return FaultDeed(hold: .seconds(4)) { () async throws(FreshetError) in
                giver.delay = .seconds(2)
                await server.endTokens()
            } end: { () async throws(FreshetError) in
                giver.delay = .zero
            }
        case "clk.skew":
            // Tokens are said to be good for longer than they are; then they end.
            return FaultDeed(hold: .seconds(2)) { () async throws(FreshetError) in
                giver.skew = .seconds(60)
                await server.endTokens()
            } end: { () async throws(FreshetError) in
                giver.skew = .zero
                await server.endTokens()
            }
        default: return nil
        }
    }

    /// What is done to the whole run at once.
    func whole(_ id: String, _ random: inout SeededRandom) -> FaultDeed? {
        switch id {
        case "srv.rolling":
            let servers = self.servers.filter(\.isOurs).shuffled(using: &random)
            guard !servers.isEmpty else { return nil }
            return FaultDeed { () async throws(FreshetError) in
                for server in servers {
                    server.proxy.close(code: 1012)
                    try await server.restart(after: .milliseconds(300))
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
        case "dns.nxdomain", "dns.servfail":
            let words = id == "dns.nxdomain" ? "there is no such name" : "the resolver failed"
            return self.resolver(.failure(FreshetError(.unreachable, words)), hold: .seconds(2), &random)
        case "dns.stall": return self.resolver(.silence, hold: self.timing.deadline + .seconds(1), &random)
        case "dns.change": return self.resolver(.addresses(["127.0.0.77"]), hold: .seconds(2), &random)
        case "clk.suspend":
            let seconds = self.duration >= .seconds(1800) ? 90 : 6
            return FaultDeed { () async throws(FreshetError) in try await SystemFault.suspend(seconds: seconds) }
        case "app.cancel-storm":
            return FaultDeed { () async throws(FreshetError) in await self.population.reopenAll() }
        case "app.sub-churn":
            return FaultDeed { () async throws(FreshetError) in await self.population.churn() }
        default: return nil
        }
    }

    private func resolver(
        _ answer: NetworkRoute.Answer,
        hold: Duration,
        _ random: inout SeededRandom
    ) -> FaultDeed? {
        // Where names are looked up by the run's resolver.
        let servers = self.servers.filter(\.isWebSocket)
        guard !servers.isEmpty else { return nil }
        let victims = servers.map { self.victims($0, &random) }
        return FaultDeed(hold: hold) { () async throws(FreshetError) in
            for (server, victims) in zip(servers, victims) {
                server.route.answer = answer
                for connection in victims() { server.proxy.cut(.reset, connection: connection) }
            }
        } end: { () async throws(FreshetError) in
            for server in servers { server.route.answer = .addresses(["127.0.0.1"]) }
        }
    }
}
