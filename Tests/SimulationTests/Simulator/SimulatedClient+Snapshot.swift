// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL

extension SimulatedClient {
    /// As `GraphQLRecovery.refetch` does it: a query on the same connection.
    func fetch(_ id: SubscriptionID, _ number: Int, _ consumer: UInt64) {
        guard let topic = self.consumers[consumer]?.topic else { return }
        let oneShot = SimulatedOneShot { [unowned self] outcome in
            // The user's task goes on a little later.
            self.clock.after(.zero) { [unowned self] in
                guard self.fetching.removeValue(forKey: id) != nil else { return }
                self.handle(.fetched(id, number, outcome.map { Self.snapshot($0, topic) }))
            }
        }
        let asked = self.ask("state", topic, .query, oneShot)
        self.fetching[id] = asked
    }

    private static func snapshot(_ json: Bytes, _ topic: Int) -> Fetched {
        var request = GraphQLRequest(query: "")
        request.positionPath = "data.e.n"
        request.keyPath = "data.e.t"
        let mark = request.mark(of: json)
        let versions = mark.flatMap { mark in mark.key.flatMap { key in mark.position.map { [key: $0] } } } ?? [:]
        return Fetched(.snapshot, items: [.snapshot(json)], versions: versions)
    }
}
