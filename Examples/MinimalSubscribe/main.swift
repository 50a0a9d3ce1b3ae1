// SPDX-License-Identifier: Apache-2.0

// Subscribes to a ticking clock and prints what comes:
//
//     swift run freshet serve --port 4000
//     swift run MinimalSubscribe ws://127.0.0.1:4000/graphql

import FreshetGraphQL

struct Tick: Decodable {
    var n: Int
    var at: String
}

let url = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:4000/graphql"
let api = GraphQLClient(url: url)

do {
    for try await event in api.subscribe(Tick.self, "subscription { ticks(every: 500) { n at } }") {
        switch event {
        case .snapshot(let tick), .update(let tick):
            print("tick \(tick.n) at \(tick.at)")
        case .gap(let gap):
            print("gap of \(gap.outage): \(gap.reason); what was missed is unknown")
        }
    }
} catch {
    print("failed: \(error)")
}
