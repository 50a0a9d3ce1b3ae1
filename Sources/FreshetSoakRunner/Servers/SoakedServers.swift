// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Starts the servers of a run.
enum SoakedServers {
    /// Connections of one proxy are numbered below this.
    static let numbers = 10_000_000

    static func start(_ plan: SoakPlan, _ recorder: RunRecorder) async throws(FreshetError) -> [any SoakedServer] {
        let kinds: [SoakPlan.LocalServer]
        switch plan.place {
        case .local(let local): kinds = local
        case .target(let target): return [try await TargetServer(target, recorder, seed: plan.seed)]
        }
        var servers: [any SoakedServer] = []
        do throws(FreshetError) {
            for (index, kind) in kinds.enumerated() {
                let offset = index * 3 * Self.numbers
                let seed = plan.seed &+ UInt64(index)
                switch kind {
                case .graphql:
                    let server = try await GraphQLServer(recorder, rate: plan.rate, seed: seed, offset: offset)
                    servers.append(server)
                    servers.append(try await TLSRoad(server, recorder, seed: seed, offset: offset + 2 * Self.numbers))
                case .etcd:
                    servers.append(try await EtcdServer(recorder, rate: plan.rate, seed: seed, offset: offset))
                case .nats:
                    servers.append(try await NATSServer(recorder, rate: plan.rate, seed: seed, offset: offset))
                case .firestore:
                    servers.append(try await FirestoreServer(recorder, plan, seed: seed, offset: offset))
                case .rtdb:
                    servers.append(try await RealtimeServer(recorder, plan, seed: seed, offset: offset))
                }
            }
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
        return servers
    }
}
