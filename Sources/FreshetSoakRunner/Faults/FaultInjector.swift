// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// Knows what each fault of the catalogue does to the servers and clients of a run.
///
/// Faults that end streams for good are not done to the population but to a client that is made for them: see ``Probe``.
struct FaultInjector: Sendable {
    let servers: [any SoakedServer]
    let population: Population
    let timing: ClientTiming
    /// How long the whole run is: some faults last longer in a long one.
    let duration: Duration

    /// What is to be done for a fault; nothing where it means nothing to any of the servers.
    func deeds(for entry: FaultSchedule.Entry) -> [FaultDeed] {
        var random = SeededRandom(entry.seed)
        let id = entry.fault.id
        var deeds: [FaultDeed] = []
        for server in self.servers {
            let deed =
                self.network(id, server, &random) ?? self.webSocket(id, server, &random)
                ?? self.upgrade(id, server, &random) ?? self.server(id, server, &random)
                ?? self.credentials(id, server)
            if let deed { deeds.append(deed) }
        }
        if let deed = self.whole(id, &random) { deeds.append(deed) }
        if let hold = entry.fault.hold { for index in deeds.indices { deeds[index].hold = hold } }
        return deeds
    }

    /// The connections of a part of the clients, or of all; of those that have credentials, if they alone are meant.
    func victims(
        _ server: any SoakedServer,
        _ random: inout SeededRandom,
        share: ClosedRange<Double> = 0.3...1,
        withTokens: Bool = false
    ) -> @Sendable () -> [Int] {
        let share = Double.random(in: share, using: &random)
        let seed = random.next()
        let population = self.population
        return {
            var random = SeededRandom(seed)
            let clients = population.clients(of: server).filter { !withTokens || $0.setup.hasTokens }.map(\.number)
            let count = max(1, Int((Double(clients.count) * share).rounded()))
            return server.sockets.connections(of: Set(clients.shuffled(using: &random).prefix(count)))
        }
    }
}

extension ClosedRange<Duration> {
    /// One of them.
    func pick(_ random: inout SeededRandom) -> Duration {
        let part = Double.random(in: 0...1, using: &random)
        return self.lowerBound + (self.upperBound - self.lowerBound) * part
    }
}
